// Opens the field page: makes the phone known, shows the day, and keeps an eye on signal, queue and updates.

import * as db from "./db.js";
import { addresses, asPerson } from "./api.js";
import { firstPrevious, openNumbers, record } from "./chain.js";
import { makeKey, sign } from "./keys.js";
import { canCorrect, correction, receipt } from "./receipt.js";
import * as screens from "./screens.js";
import { onChange, status, syncNow, waiting } from "./sync.js";
import { day as dayText, h, say, show, time } from "./ui.js";

const SYNC_EVERY_MS = 30000;
const STATES = { kept: "在这部手机上", received: "已收到", applied: "已入账", waiting: "等前一步", refused: "待处理", conflict: "号码冲突", set_aside: "已搁置" };
const TYPES = { pickup: "收运", nothing: "未收", arrive: "到达", receive: "接收", spoil: "作废号码", return: "退回余号", correct: "更正重量" };

// --- The page of the day --------------------------------------------------------------------------------------------

async function home(day) {
  const events = await db.all("events");
  const done = new Set(events.filter((event) => ["pickup", "nothing"].includes(event.type)).map((event) => {
    const { payload } = JSON.parse(event.body);
    return `${payload.trip}/${payload.stop}`;
  }));
  const moved = new Set(events.filter((event) => ["arrive", "receive"].includes(event.type)).map((event) => `${event.type}/${JSON.parse(event.body).payload.number}`));
  const drafts = new Set((await db.all("drafts")).map((draft) => draft.id));
  if (!day) {
    show(h("p", {}, "还没有今天的车次。有信号时会自动取来。"), h("button", { type: "button", className: "go", onclick: syncNow }, "现在同步"));
    return "无废外业";
  }
  const stop = (trip) => (one) => {
    const isOver = isDone(trip, one);
    const begun = drafts.has(`pickup/${trip.number}/${one.position}`);
    return h("button", {
      type: "button", className: `row ${isOver ? "done" : ""}`, disabled: isOver,
      onclick: () => { location.hash = `#/stop/${trip.number}/${one.position}`; },
    }, h("strong", {}, `${one.position}. ${one.site_name}`),
    h("span", {}, isOver ? "✓ 已收" : begun ? "录了一半，点开继续" : [time(one.planned_at), one.manifest && `联单 ${one.manifest}`, one.wastes.map((waste) => waste.name || waste.code).join("、")].filter(Boolean).join(" · ") || "待收"));
  };
  const move = (type, title, hash) => (one) => h("button", {
    type: "button", className: `row ${moved.has(`${type}/${one.number}`) ? "done" : ""}`, disabled: moved.has(`${type}/${one.number}`),
    onclick: () => { location.hash = hash + one.number; },
  }, h("strong", {}, type === "arrive" ? `→ ${one.receiver}` : one.generator),
  h("span", {}, moved.has(`${type}/${one.number}`) ? `✓ 已记${title}` : `${one.vehicle} · ${one.wastes.map((waste) => waste.name ?? waste.code).join("、")} · ${one.number}`));
  const { cures } = await waiting();
  const isDone = (trip, one) => one.done || done.has(`${trip.number}/${one.position}`);
  const next = nextStop(day, events, isDone);
  show(
    next ? h("button", {
      type: "button", className: "go", id: "next-stop", onclick: () => { location.hash = `#/stop/${next.trip.number}/${next.stop.position}`; },
    }, `下一站：${next.stop.position}. ${next.stop.site_name} →`) : null,
    cures ? h("button", { type: "button", className: "row bad", onclick: () => { location.hash = "#/records"; } }, h("strong", {}, `${cures} 条记录要处理`), h("span", {}, "内容已保存，点开看原因")) : null,
    day.trips.map((trip) => [h("h2", {}, `${trip.vehicle} ${trip.profile_name}，送 ${trip.receiver}`), trip.stops.map(stop(trip))]),
    day.trips.length || day.coming.length || day.carried.length ? null : h("p", {}, `${dayText(day.on)}没有派给您的车次。`),
    day.carried.length ? [h("h2", {}, "在途"), day.carried.map(move("arrive", "到达", "#/load/"))] : null,
    day.coming.length ? [h("h2", {}, "要接收的"), day.coming.map(move("receive", "接收", "#/receive/"))] : null,
    h("button", { type: "button", className: "quiet", onclick: () => { location.hash = "#/records"; } }, `这部手机上的记录（${events.length}）`),
  );
  return `${day.person.name} ${dayText(day.on)}`;
}

// The stop that follows the one that was done last on this phone; the first that is open where none follows.
function nextStop(day, events, isDone) {
  const last = events.findLast((event) => ["pickup", "nothing"].includes(event.type));
  const before = last ? JSON.parse(last.body).payload : {};
  const trip = day.trips.find((one) => one.number === before.trip);
  const open = trip?.stops.filter((one) => !isDone(trip, one)) ?? [];
  const stop = open.find((one) => one.position > before.stop) ?? open[0];
  return stop ? { trip, stop } : null;
}

async function records() {
  const events = (await db.all("events")).reverse();
  const photos = await db.all("photos");
  const device = await db.get("meta", "device");
  const open = await openNumbers("");
  const persistent = await navigator.storage?.persisted?.();
  // One correction at a time: the next begins from what became of the one before.
  const corrections = events.filter((event) => event.type === "correct" && ["kept", "received", "waiting"].includes(event.state)).map((event) => JSON.parse(event.body).payload.of);
  const isCorrecting = (event) => corrections.includes(event.digest);
  const entry = (event) => {
    const kind = ["refused", "conflict"].includes(event.state) ? "bad" : event.state === "applied" ? "done" : event.received ? "warn" : "";
    return h("div", { className: `row ${kind}` },
      h("strong", {}, `${TYPES[event.type] ?? event.type} ${event.label}`),
      h("span", {}, `${dayText(event.at)} ${time(event.at)} 第 ${event.seq} 条`, event.number ? ` 联单 ${event.number}` : ""),
      event.claimed ? h("span", {}, `原号码 ${event.claimed}`) : null,
      h("span", { className: "tag" }, STATES[event.state] ?? event.state),
      event.findings.map((finding) => h("span", {}, finding.what + finding.remedy)),
      canCorrect(event) ? h("button", {
        type: "button", className: "quiet", disabled: isCorrecting(event), onclick: () => { location.hash = `#/correct/${event.seq}`; },
      }, isCorrecting(event) ? "更正还没有送到" : "更正重量") : null);
  };
  show(h("button", { type: "button", className: "go", onclick: syncNow }, "现在同步"),
    status.problem ? h("p", { className: "said bad" }, status.problem) : null,
    events.length ? events.slice(0, 200).map(entry) : h("p", {}, "还没有记录。收运、接收之后都会记在这里。"),
    h("details", {}, h("summary", {}, "这部手机"),
      h("ul", { className: "facts" },
        h("li", {}, `名称 ${device.name}，编号 ${device.code}`),
        h("li", {}, `没有传完的照片 ${photos.filter((photo) => !photo.uploaded).length} 张`),
        h("li", {}, `余下的联单号 ${open.length} 个${open[0] ? `，下一个 ${open[0]}` : ""}`),
        h("li", {}, persistent ? "浏览器已答应长期保存" : "浏览器可能在空间不足时清除，请常联网同步")),
      spoilForm(open), open.length ? h("button", { type: "button", className: "quiet danger", onclick: () => giveBack(open) }, `退回余下的 ${open.length} 个号码`) : null));
  return "记录";
}

function spoilForm(open) {
  if (!open.length) return null;
  const reason = h("input", { id: "spoil", maxLength: 100 });
  return h("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      if (!reason.value.trim()) return say("请写作废的理由。", "bad");
      await record("spoil", { number: open[0], reason: reason.value.trim() }, { label: open[0] });
      say("已保存在这部手机上。");
      syncNow();
      return draw();
    },
  }, h("label", { htmlFor: "spoil" }, `作废下一个号码 ${open[0]}，理由`), reason, h("button", { type: "submit", className: "quiet" }, "作废这个号码"));
}

async function giveBack(numbers) {
  await record("return", { numbers }, { label: `${numbers.length} 个` });
  say("已保存在这部手机上。号码不会再用。");
  syncNow();
  draw();
}

// --- Making the phone known -----------------------------------------------------------------------------------------

async function register() {
  if (!window.isSecureContext || !crypto.subtle) {
    show(h("p", { className: "said bad" }, "这个地址不是安全连接（https），浏览器不给用签名和离线保存。请联系管理员改用 https 地址。"));
    return "无废外业";
  }
  let person = null;
  try {
    person = await asPerson(addresses.me);
  } catch (error) {
    const login = `${addresses.login}?next=${encodeURIComponent(addresses.home)}`;
    const text = error.status === 404 ? "您的账号不是产废、运输或利用处置单位的，不能在这里收运。" : error.status === 302 ? "第一次用要登录一次，之后没有信号也能用。" : "第一次用要有信号。请到有信号的地方打开。";
    show(h("p", {}, text), h("a", { href: login }, h("button", { type: "button", className: "go" }, "登录")));
    return "无废外业";
  }
  if (!person.may_register) {
    show(h("p", {}, "您的账号没有所属单位，请联系无废办补登。"));
    return "无废外业";
  }
  const name = h("input", { id: "device-name", value: `${person.name}的手机`.slice(0, 30), maxLength: 30 });
  const go = h("button", { type: "button", className: "go", id: "register" }, "登记这部手机");
  go.addEventListener("click", async () => {
    go.disabled = true;
    try {
      // The key is kept before the server hears of it: a lost answer is asked for again with the same key.
      const key = (await db.get("meta", "key")) ?? (await makeKey());
      await db.put("meta", key, "key");
      const given = name.value.trim() || "手机";
      const signature = await sign(key, `wufei-field-register-1\n${given}\n${key.publicKey}\n`);
      const told = await asPerson(addresses.register, { name: given, algorithm: key.algorithm, public_key: key.publicKey, signature });
      const digest = await firstPrevious(told.device);
      await db.write(["meta"], (stores) => {
        stores.meta.put({ code: told.device, name: told.name, algorithm: key.algorithm, privateKey: key.privateKey }, "device");
        stores.meta.put({ seq: 0, digest }, "head");
      });
      await navigator.storage?.persist?.();
      await syncNow();
      draw();
    } catch (error) {
      go.disabled = false;
      say(error.message, "bad");
    }
  });
  show(h("p", {}, `${person.name}，${person.organisation}`),
    h("p", { className: "hint" }, "登记之后，这部手机用自己的密钥签字，没有信号也能收运。记录先存在手机上，有信号时自动送出。"),
    h("label", { htmlFor: "device-name" }, "手机名称"), name, go);
  return "登记手机";
}

// --- Around it --------------------------------------------------------------------------------------------------------

const ROUTES = { stop: screens.pickup, sign: screens.signature, nothing: screens.nothing, load: screens.load, receive: receipt, correct: correction, records };

let last = Promise.resolve();

// One after the other: what was begun before must not come to stand over a page that was asked for after it.
export function draw() {
  last = last.then(drawNow, drawNow);
  return last;
}

async function drawNow() {
  screens.leave();
  const title = document.getElementById("title");
  const back = document.getElementById("back");
  try {
    const device = await db.get("meta", "device");
    const [name, ...values] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
    const day = await db.get("meta", "day");
    back.hidden = !device || !name;
    if (!device) title.textContent = await register();
    else if (ROUTES[name]) title.textContent = (await (name === "records" ? records() : ROUTES[name](day, ...values))) ?? title.textContent;
    else title.textContent = await home(day);
  } catch (error) {
    show(h("p", { className: "said bad" }, `打不开这一页：${error.message}`));
  }
  await signal();
}

async function signal() {
  const button = document.getElementById("signal");
  const { events, photos } = await waiting();
  const synced = await db.get("meta", "synced");
  const first = status.busy ? "正在同步" : status.online ? "有信号" : "无信号";
  const queue = events ? `本机存 ${events} 条待传` : photos ? `${photos} 张照片待传` : "都已送到";
  button.textContent = `${first} · ${queue}\n上次同步 ${synced ? time(synced) : "—"}`;
  button.className = status.online ? "" : "off";
  if (status.revoked) say("这部手机已经停用。已录的内容仍会送到，请联系单位重新登记。", "bad");
}

async function offerUpdates() {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register(addresses.worker, { scope: addresses.home });
  const offer = () => { document.getElementById("update").hidden = !(registration.waiting && navigator.serviceWorker.controller); };
  offer();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
  document.getElementById("take-over").addEventListener("click", () => registration.waiting?.postMessage("take over"));
  let had = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (had) location.reload(); // what was entered lies in the drafts
    had = true;
  });
  setInterval(() => status.online && registration.update().catch(() => {}), 10 * 60000);
}

const atHome = () => !location.hash || location.hash === "#/" || location.hash === "#/records";
let drawing = null;
let drawn = "";

async function shown() {
  const { server_time: _, device: __, ...day } = (await db.get("meta", "day")) ?? {};
  const events = (await db.all("events")).map(({ seq, state, received, number, findings }) => [seq, state, received, number, findings]);
  const photos = (await db.all("photos")).filter((photo) => !photo.uploaded).length;
  return JSON.stringify([day, events, photos, status.problem]);
}

// Drawn anew only where there is something new: else a finger that is just coming down would touch nothing.
async function redraw() {
  const now = await shown();
  if (now === drawn || !atHome()) return;
  drawn = now;
  draw();
}

onChange(() => {
  signal();
  clearTimeout(drawing);
  if (!status.busy && atHome()) drawing = setTimeout(redraw, 50);
});
window.addEventListener("hashchange", draw);
window.addEventListener("online", syncNow);
window.addEventListener("offline", () => { status.online = false; signal(); });
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && syncNow());
document.getElementById("back").addEventListener("click", () => { location.hash = "#/"; });
document.getElementById("signal").addEventListener("click", syncNow);
setInterval(syncNow, SYNC_EVERY_MS);
offerUpdates().catch((error) => say(`不能离线使用：${error.message}`, "bad"));
drawn = await shown().catch(() => ""); // so that a first synchronisation that brings nothing draws nothing
await draw();
syncNow();
