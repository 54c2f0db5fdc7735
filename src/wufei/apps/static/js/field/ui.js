// Builds pages from elements: text is always text, never markup.

export function h(name, props = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && key !== "list") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function show(...children) {
  const main = document.getElementById("main");
  main.replaceChildren(...children.flat(Infinity).filter(Boolean));
  window.scrollTo(0, 0);
}

export function say(text, kind = "good") {
  const place = document.getElementById("said");
  place.textContent = text;
  place.className = `said ${kind}`;
  place.hidden = !text;
  clearTimeout(say.timer);
  if (text && kind === "good") say.timer = setTimeout(() => { place.hidden = true; }, 6000);
}

export function kilograms(mass_g) {
  return mass_g ? String(mass_g / 1000) : "";
}

// Whole grams of a text in kilograms, without going through a fraction; null where it is none.
export function grams(text) {
  const parts = /^(\d{1,6})(?:\.(\d{1,3}))?$/.exec(text.trim());
  if (!parts) return null;
  return Number(parts[1]) * 1000 + Number((parts[2] ?? "").padEnd(3, "0"));
}

export function time(text) {
  return text ? new Date(text).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false }) : "";
}

export function day(text) {
  return text ? new Date(text).toLocaleDateString("zh-CN", { month: "numeric", day: "numeric" }) : "";
}
