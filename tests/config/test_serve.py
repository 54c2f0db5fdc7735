"""Starting: what is not set up is said, and does not keep the pages from answering."""

from wufei.config.serve import missing_libraries


def test_missing_browser_libraries_are_named(settings, tmp_path):
    settings.VENDOR_DIR = tmp_path
    assert missing_libraries() == ["tabler", "echarts", "htmx", "leaflet", "zxing"]
    (tmp_path / "echarts" / "dist").mkdir(parents=True)
    assert missing_libraries() == ["tabler", "htmx", "leaflet", "zxing"]


def test_a_page_without_styles_says_what_to_do(client, db):
    assert '<p class="d-none">页面的样式没有装好' in client.get("/accounts/login/").content.decode()
