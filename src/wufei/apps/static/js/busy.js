// A form that takes seconds says so: a bar and a sentence below the button, which cannot be pressed twice.
(() => {
  "use strict";
  document.querySelectorAll("form[data-busy]").forEach((form) => {
    form.addEventListener("submit", () => {
      form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = true; });
      const box = document.createElement("div");
      box.className = "mt-3";
      box.setAttribute("role", "status");
      const bar = document.createElement("div");
      bar.className = "progress progress-sm mb-2";
      const inside = document.createElement("div");
      inside.className = "progress-bar progress-bar-indeterminate";
      bar.append(inside);
      const text = document.createElement("div");
      text.className = "text-secondary";
      const since = Date.now();
      const say = () => { text.textContent = `${form.dataset.busy}（${Math.floor((Date.now() - since) / 1000)} 秒）`; };
      say();
      setInterval(say, 1000);
      box.append(bar, text);
      form.append(box);
    });
  });
  // Coming back by the browser's button shows the page as it was left: free it again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
})();
