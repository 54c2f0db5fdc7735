// The pages of a pick-up and of an arrival. What is entered goes into a draft on this phone at once.

import * as db from "./db.js";
import { Camera, codeOf, shrink } from "./camera.js";
import { record } from "./chain.js";
import { sha256 } from "./keys.js";
import { syncNow } from "./sync.js";
import { grams, h, kilograms, say, show } from "./ui.js";

let camera = null;

export function leave() {
  camera?.stop();
  camera = null;
}

export const home = () => { location.hash = "#/"; };

export async function kept(draft) {
  await db.put("drafts", draft);
  return draft;
}

async function withDigest(blob) {
  return { digest: await sha256(await blob.arrayBuffer()), blob };
}

// --- What both have in common ---------------------------------------------------------------------------------------

// The camera with its codes and pictures, for a draft. ``changed`` is called after each of them.
// With a ``hint`` of its own it takes pictures alone.
export function viewer(draft, changed, hint = "") {
  const video = h("video", { muted: true, playsInline: true, "aria-label": "相机" });
  const note = h("p", { className: "note" }, "正在打开相机…");
  const shoot = h("button", { type: "button", id: "shoot" }, "拍照");
  const box = h("div", { className: "viewer" }, video, note, shoot);
  const file = h("input", { type: "file", accept: "image/*", capture: "environment", hidden: true });
  const seen = async (code, how) => {
    if (!code || draft.codes.some((known) => known.code === code)) return;
    draft.codes.push({ code, how, at: new Date().toISOString() });
    box.classList.add("flash");
    navigator.vibrate?.(60);
    setTimeout(() => box.classList.remove("flash"), 400);
    // The frame in which the code was read shows the label: that is the picture, unless the person takes another.
    const picture = how === "camera" && draft.photos.length === 0 ? await camera?.photo() : null;
    if (picture) draft.photos.push({ ...(await withDigest(picture)), auto: true });
    await kept(draft);
    changed();
  };
  const keep = async (blob) => {
    if (!blob) return;
    draft.photos = [...draft.photos.filter((photo) => !photo.auto), await withDigest(blob)];
    await kept(draft);
    changed();
  };
  shoot.addEventListener("click", async () => (camera?.running ? keep(await camera.photo()) : file.click()));
  file.addEventListener("change", async () => file.files[0] && keep(await shrink(file.files[0])));
  camera = new Camera(video, (code) => (hint ? null : seen(code, "camera")));
  camera.onProblem = (text) => { note.textContent = text; };
  camera.start()
    .then(() => { note.textContent = hint || "对准包装上的码"; })
    .catch(() => { note.textContent = "相机打不开，请在下面输入编码。"; });
  return { box: h("div", {}, box, file), seen };
}

export function codeList(draft, changed) {
  return h("div", { className: "chips", id: "codes" }, draft.codes.map(({ code }) => h("button", {
    type: "button", title: "点一下去掉", "aria-label": `去掉 ${code}`,
    onclick: async () => {
      draft.codes = draft.codes.filter((known) => known.code !== code);
      await kept(draft);
      changed();
    },
  }, `${code} ✕`)));
}

// Codes by hand, or from a scanner that types and ends with Enter.
export function codeEntry(seen) {
  const input = h("input", { id: "code", autocomplete: "off", autocapitalize: "characters", inputMode: "text" });
  const form = h("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      await seen(codeOf(input.value), "typed");
      input.value = "";
    },
  }, h("label", { htmlFor: "code" }, "编码（手工输入或扫码枪）"), input, h("button", { type: "submit", className: "quiet" }, "加入这个编码"));
  return h("details", {}, h("summary", {}, "扫不出来？手工输入编码"), form);
}

export function thumbs(draft) {
  return h("div", { className: "thumbs" }, draft.photos.map((photo) => {
    const address = URL.createObjectURL(photo.blob);
    return h("img", { src: address, alt: "照片", onload: () => URL.revokeObjectURL(address) });
  }));
}

// A pad of numbers for one mass; ``read`` and ``write`` hold its text.
export function pad(read, write, label) {
  const output = h("output", { id: "mass", "aria-label": label });
  const draw = () => { output.textContent = read() || "0"; };
  const press = (key) => {
    const text = read();
    const next = key === "⌫" ? text.slice(0, -1) : text === "0" && key !== "." ? key : text + key;
    if (next === "" || /^\d{1,6}(\.\d{0,3})?$/.test(next)) write(next);
    draw();
  };
  draw();
  const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", ".", "0", "⌫"];
  return h("div", {},
    h("div", { className: "mass" }, h("span", {}, label), output, h("span", { className: "unit" }, "千克")),
    h("div", { className: "pad" }, keys.map((key) => h("button", { type: "button", onclick: () => press(key) }, key))));
}

export const massOf = (text) => grams(text.endsWith(".") ? text.slice(0, -1) : text);

// --- Pick-up ----------------------------------------------------------------------------------------------------------

function findStop(day, number, position) {
  const trip = day?.trips.find((one) => one.number === number);
  return { trip, stop: trip?.stops.find((one) => one.position === Number(position)) };
}

async function pickupDraft(trip, stop) {
  const id = `pickup/${trip.number}/${stop.position}`;
  const old = await db.get("drafts", id);
  if (old) return old;
  const wastes = stop.wastes.map((waste) => ({ ...waste, text: kilograms(waste.mass_g) }));
  return { id, codes: [], photos: [], wastes, active: 0, name: stop.handler, started: new Date().toISOString() };
}

function wasteChoice(trip, draft, changed) {
  const known = new Set(draft.wastes.map((waste) => waste.code));
  const add = async (waste) => {
    draft.wastes.push({ ...waste, text: "" });
    draft.active = draft.wastes.length - 1;
    await kept(draft);
    changed();
  };
  const select = h("select", {
    id: "waste",
    onchange: () => { const found = trip.wastes.find((waste) => waste.code === select.value); if (found) add(found); },
  }, h("option", { value: "" }, draft.wastes.length ? "再加一种废物…" : "选废物…"),
  trip.wastes.filter((waste) => !known.has(waste.code)).map((waste) => h("option", { value: waste.code }, `${waste.name} ${waste.code}`)));
  const chips = draft.wastes.length > 1 ? h("div", { className: "chips" }, draft.wastes.map((waste, place) => h("button", {
    type: "button", "aria-pressed": String(place === draft.active),
    onclick: async () => { draft.active = place; await kept(draft); changed(); },
  }, `${waste.name || waste.code} ${waste.text || "—"}`))) : null;
  return { chips, more: draft.wastes.length ? h("details", {}, h("summary", {}, "还有别的废物"), select) : select };
}

export async function pickup(day, number, position) {
  const { trip, stop } = findStop(day, number, position);
  if (!trip || !stop) return home();
  const draft = await pickupDraft(trip, stop);
  const title = `${stop.position}. ${stop.site_name}`;
  let live = null;
  const next = () => {
    const empty = draft.wastes.filter((waste) => !massOf(waste.text));
    if (!draft.wastes.length) return say("先选是什么废物。", "bad");
    if (empty.length) return say(`还没有“${empty[0].name || empty[0].code}”的重量。`, "bad");
    say("");
    location.hash = `#/sign/${number}/${position}`;
  };
  const parts = { list: h("div"), mass: h("div") };
  const draw = () => {
    parts.list.replaceChildren(codeList(draft, draw), thumbs(draft));
    const { chips, more } = wasteChoice(trip, draft, draw);
    const waste = draft.wastes[draft.active];
    const write = (text) => { waste.text = text; kept(draft); };
    parts.mass.replaceChildren(...[chips, waste ? pad(() => waste.text, write, waste.name || waste.code) : null, waste ? null : more].filter(Boolean));
    parts.more?.replaceChildren(...(waste ? [more] : []));
  };
  parts.more = h("div");
  live = viewer(draft, draw);
  draw();
  show(live.box, parts.list, parts.mass,
    h("button", { type: "button", className: "go", id: "next", onclick: next }, "下一步：签字"),
    codeEntry(live.seen), parts.more,
    h("button", { type: "button", className: "quiet", onclick: () => { location.hash = `#/nothing/${number}/${position}`; } }, "到了但没有收到废物"));
  return title;
}

export async function nothing(day, number, position) {
  const { trip, stop } = findStop(day, number, position);
  if (!trip || !stop) return home();
  const done = async (reason) => {
    await record("nothing", { trip: number, stop: stop.position, reason }, { label: `${stop.site_name}：${reason}` });
    say("已保存在这部手机上。");
    syncNow();
    home();
  };
  const other = h("input", { id: "reason", maxLength: 100 });
  show(h("h2", {}, `${stop.site_name}：为什么没有收？`),
    ["门锁着，没有人", "今天没有废物", "包装或标签不合格", "车装满了"].map((reason) => h("button", { type: "button", className: "row", onclick: () => done(reason) }, h("strong", {}, reason))),
    h("label", { htmlFor: "reason" }, "其他原因"), other,
    h("button", { type: "button", className: "go", onclick: () => (other.value.trim() ? done(other.value.trim()) : say("请写原因。", "bad")) }, "保存"));
  return "没有收到";
}

// A field to sign on with a finger.
function signField() {
  const canvas = h("canvas", { className: "sign", id: "sign", "aria-label": "在这里手写签名" });
  let strokes = 0;
  let last = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  canvas.width = 720;
  canvas.height = 360;
  const context = canvas.getContext("2d");
  const clear = () => {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    strokes = 0;
  };
  clear();
  Object.assign(context, { lineWidth: 6, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); last = at(event); });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const [x, y] = at(event);
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(x, y);
    context.stroke();
    last = [x, y];
    strokes += 1;
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { last = null; });
  return {
    canvas, clear,
    picture: () => (strokes ? new Promise((resolve) => canvas.toBlob(resolve, "image/png")) : null),
  };
}

export async function signature(day, number, position) {
  const { trip, stop } = findStop(day, number, position);
  const draft = trip && stop ? await pickupDraft(trip, stop) : null;
  if (!draft || !draft.wastes.length) return home();
  const field = signField();
  const name = h("input", { id: "name", value: draft.name ?? "", maxLength: 30, autocomplete: "off", oninput: () => { draft.name = name.value; kept(draft); } });
  const code = h("input", { id: "handler-code", inputMode: "numeric", maxLength: 8, autocomplete: "one-time-code" });
  const finish = h("button", { type: "button", className: "go", id: "finish" }, "签字完成");
  finish.addEventListener("click", async () => {
    const drawn = await field.picture();
    if (!name.value.trim()) return say("请填移出方经办人的姓名。", "bad");
    if (!drawn && !code.value.trim()) return say("请移出方经办人手写签名，或输入验证码。", "bad");
    finish.disabled = true; // one tap, one event
    try {
      const drawing = drawn ? await withDigest(drawn) : null;
      const made = await record("pickup", pickupPayload(trip, stop, draft, { name: name.value.trim(), code: code.value.trim(), drawing: drawing?.digest ?? "" }), {
        photos: [...draft.photos.map(({ digest, blob }) => ({ digest, blob })), ...(drawing ? [drawing] : [])],
        seriesKey: stop.manifest ? "" : stop.series_key,
        draft: draft.id,
        label: `${stop.site_name} ${draft.wastes.map((waste) => `${waste.name || waste.code} ${waste.text} 千克`).join("、")}`,
      });
      say(`已保存在这部手机上${made.number ? `，联单号 ${made.number}` : ""}。`);
      syncNow();
      home();
    } catch (error) {
      finish.disabled = false;
      say(`没有存下来：${error.message}`, "bad");
    }
    return undefined;
  });
  show(h("ul", { className: "facts" }, draft.wastes.map((waste) => h("li", {}, `${waste.name || waste.code} ${waste.text} 千克`)),
    draft.codes.length ? h("li", {}, `已扫 ${draft.codes.length} 个码，照片 ${draft.photos.length} 张`) : null),
  h("label", { htmlFor: "name" }, "移出方经办人"), name,
  field.canvas,
  finish,
  h("button", { type: "button", className: "quiet", onclick: field.clear }, "重写签名"),
  h("details", {}, h("summary", {}, "对方有经办验证码？"), h("label", { htmlFor: "handler-code" }, "验证码（8 位，只能用一次）"), code));
  return `签字：${stop.site_name}`;
}

function pickupPayload(trip, stop, draft, handler) {
  const codes = draft.codes.map(({ code }) => code);
  return {
    trip: trip.number, stop: stop.position, site: stop.site, profile: trip.profile,
    ...(stop.manifest ? { manifest: stop.manifest } : {}),
    wastes: draft.wastes.map((waste, place) => ({
      code: waste.code, name: waste.name ?? "", mass_g: massOf(waste.text), basis: "weighed",
      packages: place === draft.active ? codes : [],
    })),
    handler, scanned: draft.codes, photos: draft.photos.map(({ digest }) => digest), started_at: draft.started,
  };
}

// --- Arrival ----------------------------------------------------------------------------------------------------------

export async function load(day, number) {
  const carried = day?.carried.find((one) => one.number === number);
  if (!carried) return home();
  const arrived = async () => {
    await record("arrive", { number }, { label: `${number} 到达 ${carried.receiver}` });
    say("已保存在这部手机上。");
    syncNow();
    home();
  };
  show(h("ul", { className: "facts" }, h("li", {}, `联单 ${number}`), h("li", {}, `${carried.generator} → ${carried.receiver}`), h("li", {}, carried.vehicle),
    carried.wastes.map((waste) => h("li", {}, `${waste.name ?? waste.code} ${kilograms(waste.mass_g)} 千克`))),
  h("button", { type: "button", className: "go", id: "arrived", onclick: arrived }, "到达接受单位"));
  return "在途";
}
