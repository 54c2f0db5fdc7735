// Draws every map: <div data-map data-src="…">: townships as circles by mass, facilities as squares, on a grid of
// longitude and latitude, without a base map (no internet is assumed). Positions that are guesses are dashed.
(() => {
  "use strict";
  const maps = new Map();

  function radius(mass, largest) {
    return mass && largest ? 6 + 22 * Math.sqrt(mass / largest) : 5;
  }

  function grid(map, bounds) {
    const span = Math.max(bounds.getEast() - bounds.getWest(), bounds.getNorth() - bounds.getSouth());
    const step = [0.05, 0.1, 0.2, 0.5, 1, 2].find((s) => span / s <= 6) || 5;
    // A degree is written only where its words fit within the picture.
    const fits = (value, low, high) => value > low + (high - low) / 12 && value < high - (high - low) / 12;
    const line = (points, text, at, anchor, written) => {
      L.polyline(points, { color: "#c3cfca", weight: 1, interactive: false }).addTo(map);
      if (written) L.marker(at, { interactive: false, keyboard: false, icon: L.divIcon({ className: "map-degree", html: text, iconSize: [54, 14], iconAnchor: anchor }) }).addTo(map);
    };
    const south = bounds.getSouth() - step, north = bounds.getNorth() + step;
    const west = bounds.getWest() - step, east = bounds.getEast() + step;
    for (let x = Math.ceil(west / step) * step; x <= east; x += step) line([[south, x], [north, x]], `${x.toFixed(2)}°E`, [bounds.getSouth(), x], [27, 16], fits(x, bounds.getWest(), bounds.getEast()));
    for (let y = Math.ceil(south / step) * step; y <= north; y += step) line([[y, west], [y, east]], `${y.toFixed(2)}°N`, [y, bounds.getWest()], [-4, 7], fits(y, bounds.getSouth(), bounds.getNorth()));
  }

  async function draw(box) {
    const answer = await fetch(box.dataset.src, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) { box.textContent = "地图没有取到，请看下面的表。"; return; }
    const data = await answer.json();
    if (!data.points.length) { box.textContent = data.empty; box.classList.add("chart-empty"); return; }
    box.textContent = "";
    const map = L.map(box, { attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false });
    maps.set(box, map);
    const bounds = L.latLngBounds(data.points.map((p) => [p.latitude, p.longitude])).pad(0.15);
    map.fitBounds(bounds);
    grid(map, map.getBounds());
    const largest = Math.max(...data.points.filter((p) => p.kind === "township").map((p) => p.mass_t), 0);
    const order = [...data.points].sort((a, b) => b.mass_t - a.mass_t);
    for (const point of order) {
      const isTownship = point.kind === "township";
      const mark = L.circleMarker([point.latitude, point.longitude], {
        radius: isTownship ? radius(point.mass_t, largest) : 3,
        color: isTownship ? "#1b6e52" : "#9c4a12",
        fillOpacity: isTownship ? 0.25 : 0.9,
        weight: isTownship ? 1.5 : 1,
        dashArray: point.is_guess ? "3 3" : null,
        className: isTownship ? "map-township" : "map-facility",
      }).addTo(map);
      const name = document.createElement("span");  // Leaflet takes a text for HTML
      name.textContent = point.label;
      mark.bindTooltip(name, isTownship ? { permanent: true, direction: "bottom", className: "map-label", offset: [0, radius(point.mass_t, largest) - 4] } : {});
      const words = document.createElement("div");
      for (const text of point.lines) words.append(text, document.createElement("br"));
      mark.bindPopup(words);
      if (point.panel) mark.on("click", () => htmx.ajax("GET", point.panel, { target: "#panel-body" }));
    }
    box.dataset.drawn = "1";
    const refit = () => { map.invalidateSize({ animate: false }); map.fitBounds(bounds, { animate: false }); };
    window.addEventListener("beforeprint", refit);
    window.addEventListener("afterprint", refit);
    new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(box);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-map]").forEach((box) => draw(box).catch(() => { box.textContent = "地图没有画成，请看下面的表。"; }));
  });
})();
