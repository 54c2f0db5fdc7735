"""The form of a new manifest, as the browser sends it."""


def test_a_second_click_on_add_keeps_the_blank_card_of_the_first(client, world):
    client.force_login(world.people["maker"])
    path = "/manifests/new/hazardous/"
    first = client.post(path, {"add": "wastes", "/wastes/0/code": "", "/carriers/0/vehicle": ""})
    assert b'name="/wastes/1/code"' in first.content
    two = {"/wastes/0/code": "", "/wastes/1/code": "", "/carriers/0/vehicle": ""}
    second = client.post(path, {"add": "carriers", **two})
    assert b'name="/wastes/1/code"' in second.content
    assert b'name="/carriers/1/vehicle"' in second.content
    many = client.post(path, {"add": "wastes", "/wastes/999/code": ""})
    assert b'name="/wastes/20/code"' in many.content
    assert b'name="/wastes/21/code"' not in many.content
