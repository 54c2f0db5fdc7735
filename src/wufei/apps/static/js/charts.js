// Draws every chart: <div data-chart data-src="…">. The address answers JSON {option, unit, empty}; a data item with
// "panel" opens that address in the side panel. Beside each chart stands a table with the same figures.
(() => {
  "use strict";
  const figure = new Intl.NumberFormat("zh-CN", { maximumFractionDigits: 3 });
  const charts = new Map();
  const started = new WeakSet();

  function label(params, unit) {
    const d = params.data || {};
    const head = d.source !== undefined ? `${d.source_label || d.source} → ${d.target_label || d.target}` : params.name;
    return `${head}\n${figure.format(params.value)} ${unit}`;
  }

  // A picture of its own for paper, as wide as A4 less its margins: a canvas cannot be drawn anew while printing.
  function drawForPaper(box, data) {
    const chart = echarts.init(document.createElement("div"), null, { renderer: "canvas", width: 680, height: data.height });
    chart.setOption(data.option);
    const paper = new Image();
    paper.className = "chart-paper";
    paper.alt = "";
    paper.src = chart.getDataURL({ pixelRatio: 2, backgroundColor: "#fff" });
    box.after(paper);
    chart.dispose();
  }

  async function draw(box) {
    box.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(box.dataset.src, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      const data = await answer.json();
      charts.get(box)?.dispose();
      charts.delete(box);
      if (!data.option) {
        box.textContent = data.empty;
        box.classList.add("chart-empty");
        return;
      }
      box.textContent = "";
      if (data.height) box.dataset.height = data.height;
      const chart = echarts.init(box, null, { renderer: "canvas", height: data.height });
      // The policy forbids style attributes, so the tooltip is drawn on the canvas.
      data.option.tooltip = { renderMode: "richText", confine: true, formatter: (p) => label(p, data.unit) };
      data.option.animation = false;
      drawForPaper(box, data);
      for (const series of data.option.series) {
        // On a phone the labels at the right take less of the width.
        if (box.clientWidth < 600) { series.right = 128; series.label.width = 120; series.label.fontSize = 10; }
      }
      chart.setOption(data.option);
      chart.on("click", (params) => {
        if (params.data?.panel) htmx.ajax("GET", params.data.panel, { target: "#panel-body" });
      });
      charts.set(box, chart);
      box.dataset.drawn = "1";
    } catch (error) {
      box.textContent = "图没有取到，请看下面的表；刷新页面可以再试。";
      box.classList.add("chart-empty");
    } finally {
      box.removeAttribute("aria-busy");
    }
  }

  function drawAll(root) {
    root.querySelectorAll("[data-chart]").forEach((box) => {
      if (!started.has(box)) { started.add(box); draw(box); }
    });
  }

  const resize = () => charts.forEach((chart) => chart.resize());
  let timer = 0;
  window.addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(resize, 120); });
  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt));
})();
