// What every page needs: the side panel that opens a number, the token for writes, messages of failed requests.
(() => {
  "use strict";
  document.documentElement.classList.remove("no-js");
  const panel = document.getElementById("panel");
  const body = document.getElementById("panel-body");
  let opener = null;

  const offcanvas = () => {
    const library = window.bootstrap || window.tabler.bootstrap || window.tabler;
    return library.Offcanvas.getOrCreateInstance(panel);
  };

  // A link with hx-target="#panel-body" fills the panel; once filled, show it.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== body || !window.bootstrap && !window.tabler) return;
    const heading = body.querySelector("[data-panel-title]");
    if (heading) document.getElementById("panel-title").textContent = heading.dataset.panelTitle;
    offcanvas().show();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === body && !body.contains(event.detail.elt)) opener = event.detail.elt;
  });
  panel?.addEventListener("hidden.bs.offcanvas", () => opener?.focus());
  // Escape closes the panel also after the keyboard has left it at its end.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel?.classList.contains("show")) offcanvas().hide();
  });

  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  document.querySelectorAll("form[data-autosubmit]").forEach((form) => {
    form.addEventListener("change", () => form.requestSubmit());
    form.querySelectorAll("button[type=submit]").forEach((button) => { button.hidden = true; });
  });

  // Everything folded is unfolded on paper.
  const folded = [];
  window.addEventListener("beforeprint", () => {
    document.documentElement.classList.add("printing");
    document.querySelectorAll("details:not([open])").forEach((box) => { box.open = true; folded.push(box); });
  });
  window.addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    folded.splice(0).forEach((box) => { box.open = false; });
  });

  // What the code in an input is called stands below it, as the list of the input has it.
  document.addEventListener("input", ({ target }) => {
    const words = target.id && document.querySelector(`[data-named-for="${CSS.escape(target.id)}"]`);
    if (!words || !target.list) return;
    const wanted = target.value.trim();
    words.textContent = [...target.list.options].find((option) => option.value === wanted)?.label || "";
  });

  const say = (text) => {
    const box = document.createElement("div");
    box.className = "alert alert-danger";
    box.setAttribute("role", "alert");
    box.textContent = text;
    document.querySelector("#content > div")?.prepend(box);
    box.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 403) say("登录已过期或没有权限，请刷新页面重新登录。");
    else if (status === 404) say("没有这一项，或不在您的权限范围内。");
    else say(`服务器没有给出结果（${status}），请稍后再试。`);
  });
  document.addEventListener("htmx:sendError", () => say("连不上服务器，请检查网络后再试。"));
})();
