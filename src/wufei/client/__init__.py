"""The Python client of ``/api/v1/``: the same names as the interface. It knows nothing of the server's own code.

    from wufei.client import Client

    with Client("https://wufei.example.gov.cn", token="wf_…") as client:
        made = client.manifests.create({...})
        client.manifests.event(made["number"], "submit")
        for manifest in client.manifests.list(updated_since=yesterday):
            ...

What is refused raises ``ApiProblem`` with all its faults. A write carries an ``Idempotency-Key`` of its own and is
sent again with the same one when the connection breaks or the server is busy, so it is done once.
"""

from wufei.client.connection import ApiProblem, ConnectionFailed
from wufei.client.resources import Client

__all__ = ["ApiProblem", "Client", "ConnectionFailed"]
