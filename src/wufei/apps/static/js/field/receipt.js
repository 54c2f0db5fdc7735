// The pages of a receipt and of a correction: of each waste what was accepted, refused and lost on the way, which are
// together all that came in.

import * as db from "./db.js";
import { record } from "./chain.js";
import { codeEntry, codeList, home, kept, massOf, pad, thumbs, viewer } from "./screens.js";
import { syncNow } from "./sync.js";
import { h, kilograms, say, show } from "./ui.js";

const DECISIONS = { accept: "接受", partly: "部分接受", refuse: "拒收" };
const textOf = (mass_g) => kilograms(mass_g) || "0";
const lostOf = (waste) => (waste.lost ? massOf(waste.lost) : 0);

// Until somebody types what was accepted, it is what was sent without what was lost.
function follow(waste) {
  if (!waste.typed) waste.text = textOf(Math.max(0, (waste.mass_g ?? 0) - (lostOf(waste) ?? 0)));
}

function sumText(waste) {
  const accepted = massOf(waste.text);
  const lost = lostOf(waste);
  if (accepted === null || lost === null) return "";
  const left = (waste.mass_g ?? 0) - accepted - lost;
  const sum = `实收 ${textOf(accepted)}${lost ? ` + 途中损失 ${textOf(lost)}` : ""}`;
  if (left === 0) return `${sum} = 联单 ${textOf(waste.mass_g)} 千克`;
  if (left < 0) return `${sum}，比联单 ${textOf(waste.mass_g)} 多 ${textOf(-left)} 千克`;
  return `${sum}，联单 ${textOf(waste.mass_g)}，还差 ${textOf(left)} 千克：“部分接受”记为拒收，“接受”记为差额`;
}

// A pad that writes what was accepted or what was lost of one waste; ``changed`` draws it anew.
function parts(draft, waste, changed) {
  const name = draft.part === "lost" ? "lost" : "text";
  const choose = (part, label, text) => h("button", {
    type: "button", id: `part-${part}`, "aria-pressed": String(draft.part === part),
    onclick: async () => { draft.part = part; await kept(draft); changed(); },
  }, `${label} ${text || "0"}`);
  const sum = h("p", { className: "hint", id: "sum" }, sumText(waste));
  const accepted = choose("accepted", "实收", waste.text);
  const lost = choose("lost", "途中损失", waste.lost);
  const write = (text) => {
    waste[name] = text;
    if (name === "text") waste.typed = true;
    else follow(waste);
    accepted.textContent = `实收 ${waste.text || "0"}`;
    lost.textContent = `途中损失 ${waste.lost || "0"}`;
    sum.textContent = sumText(waste);
    kept(draft);
  };
  const label = `${name === "lost" ? "途中损失" : "实收"} ${waste.name ?? waste.code}`;
  return [h("div", { className: "chips" }, accepted, lost), pad(() => waste[name], write, label), sum];
}

function wasteChips(draft, changed) {
  if (draft.wastes.length < 2) return null;
  return h("div", { className: "chips" }, draft.wastes.map((one, place) => h("button", {
    type: "button", "aria-pressed": String(place === draft.active),
    onclick: async () => { draft.active = place; await kept(draft); changed(); },
  }, `${one.name ?? one.code} ${one.text || "—"}`)));
}

// Of each waste what is accepted, refused and lost by a decision, or a sentence that says why it cannot be.
function outcome(wastes, decision) {
  const rows = [];
  for (const waste of wastes) {
    const sent = waste.mass_g ?? 0;
    const lost = lostOf(waste);
    const accepted = decision === "refuse" ? 0 : massOf(waste.text);
    if (accepted === null || lost === null) return "还有重量没有填。";
    if (decision === "refuse" && lost > sent) return `途中损失多于联单的 ${textOf(sent)} 千克，请核对。`;
    if (decision === "partly" && accepted + lost > sent) return `“${waste.name ?? waste.code}”实收和途中损失已多于联单的 ${textOf(sent)} 千克，没有可拒收的。`;
    const refused = decision === "accept" ? 0 : sent - accepted - lost;
    rows.push({ accepted_g: accepted, refused_g: refused, lost_g: lost, received_g: accepted + refused + lost });
  }
  if (decision !== "accept" && rows.every((row) => row.refused_g === 0)) return "没有可拒收的：途中全部损失的，实收填 0，点“接受”。";
  return rows;
}

export async function receipt(day, number) {
  const coming = day?.coming.find((one) => one.number === number);
  if (!coming) return home();
  const id = `receipt/${number}`;
  const draft = (await db.get("drafts", id)) ?? {
    id, codes: [], photos: [], active: 0, reason: "", part: "accepted",
    wastes: coming.wastes.map((waste) => ({ ...waste, text: kilograms(waste.mass_g), lost: "", typed: false })),
  };
  const places = { list: h("div"), mass: h("div") };
  const reason = h("input", { id: "reason", value: draft.reason, maxLength: 100, oninput: () => { draft.reason = reason.value; kept(draft); } });
  const expected = new Set(coming.wastes.flatMap((waste) => waste.packages ?? []));
  const draw = () => {
    const foreign = draft.codes.filter(({ code }) => expected.size && !expected.has(code));
    const missing = [...expected].filter((code) => !draft.codes.some((seen) => seen.code === code));
    places.list.replaceChildren(...[
      codeList(draft, draw), thumbs(draft),
      expected.size ? h("p", { className: "hint" }, missing.length ? `联单上的 ${expected.size} 个包装，还有 ${missing.length} 个没扫。` : "联单上的包装都扫到了。") : null,
      foreign.length ? h("p", { className: "said warn" }, `不在联单上：${foreign.map(({ code }) => code).join("、")}`) : null,
    ].filter(Boolean));
    places.mass.replaceChildren(...[wasteChips(draft, draw), ...parts(draft, draft.wastes[draft.active], draw)].filter(Boolean));
  };
  const decide = (decision) => async () => {
    const rows = outcome(draft.wastes, decision);
    if (typeof rows === "string") return say(rows, "bad");
    const hasLost = rows.some((row) => row.lost_g);
    if ((decision !== "accept" || hasLost) && !reason.value.trim()) return say("部分接受、拒收和途中损失要写理由。", "bad");
    await record("receive", {
      number, decision, wastes: rows, reason: reason.value.trim(), scanned: draft.codes, photos: draft.photos.map(({ digest }) => digest),
    }, { photos: draft.photos.map(({ digest, blob }) => ({ digest, blob })), draft: id, label: `${number} ${DECISIONS[decision]}` });
    say("已保存在这部手机上。");
    syncNow();
    home();
    return undefined;
  };
  const live = viewer(draft, draw);
  draw();
  show(live.box, places.list,
    h("p", { className: "hint" }, `${coming.generator}，${coming.vehicle}，联单 ${number}（${coming.status_name}）`),
    places.mass,
    h("button", { type: "button", className: "go", id: "accept", onclick: decide("accept") }, "接受"),
    h("label", { htmlFor: "reason" }, "部分接受、拒收或途中损失的理由"), reason,
    h("div", { className: "pair" },
      h("button", { type: "button", id: "partly", onclick: decide("partly") }, "部分接受"),
      h("button", { type: "button", id: "refuse", className: "danger", onclick: decide("refuse") }, "全部拒收")),
    codeEntry(live.seen));
  return "接收";
}

// --- A wrong mass, after it was signed --------------------------------------------------------------------------------

export const canCorrect = (event) => ["pickup", "receive"].includes(event.type) && !["set_aside", "conflict"].includes(event.state);

async function correctionDraft(event) {
  const id = `correct/${event.seq}`;
  const old = await db.get("drafts", id);
  if (old) return old;
  const { wastes } = JSON.parse(event.body).payload;
  const known = (waste) => (event.type === "pickup"
    ? { ...waste, text: kilograms(waste.mass_g) }
    : { ...waste, text: textOf(waste.accepted_g), lost: kilograms(waste.lost_g), mass_g: waste.accepted_g + waste.refused_g + waste.lost_g, typed: true });
  return { id, codes: [], photos: [], active: 0, reason: "", part: "accepted", wastes: wastes.map(known) };
}

// The rows of a correction, or a sentence that says what is missing. What was refused stays: it is on its way back.
function corrected(wastes, type) {
  const rows = [];
  for (const waste of wastes) {
    const mass = massOf(waste.text);
    const lost = lostOf(waste);
    if (mass === null || lost === null || (type === "pickup" && !mass)) return "还有重量没有填。";
    const named = { code: waste.code ?? "", name: waste.name ?? "" };
    rows.push(type === "pickup" ? { ...named, mass_g: mass } : {
      ...named, accepted_g: mass, refused_g: waste.refused_g, lost_g: lost, received_g: mass + waste.refused_g + lost,
    });
  }
  return rows;
}

export async function correction(day, seq) {
  const event = await db.get("events", Number(seq));
  if (!event || !canCorrect(event)) return home();
  const draft = await correctionDraft(event);
  const places = { list: h("div"), mass: h("div") };
  const reason = h("input", { id: "reason", value: draft.reason, maxLength: 100, oninput: () => { draft.reason = reason.value; kept(draft); } });
  const draw = () => {
    const waste = draft.wastes[draft.active];
    const write = (text) => { waste.text = text; kept(draft); };
    const plain = () => [pad(() => waste.text, write, waste.name || waste.code || "重量")];
    places.list.replaceChildren(thumbs(draft));
    places.mass.replaceChildren(...[wasteChips(draft, draw), ...(event.type === "pickup" ? plain() : parts(draft, waste, draw))].filter(Boolean));
  };
  const save = h("button", { type: "button", className: "go", id: "correct" }, "保存更正");
  save.addEventListener("click", async () => {
    const rows = corrected(draft.wastes, event.type);
    if (typeof rows === "string") return say(rows, "bad");
    if (!draft.photos.length) return say("请拍过磅单或秤的读数，更正要有凭证。", "bad");
    if (!reason.value.trim()) return say("请写为什么要更正。", "bad");
    save.disabled = true; // one tap, one event
    try {
      await record("correct", {
        of: event.digest, number: event.number ?? JSON.parse(event.body).payload.number ?? "", wastes: rows, reason: reason.value.trim(),
        photos: draft.photos.map(({ digest }) => digest),
      }, { photos: draft.photos.map(({ digest, blob }) => ({ digest, blob })), draft: draft.id, label: event.label });
      say("更正已保存在这部手机上。");
      syncNow();
      location.hash = "#/records";
    } catch (error) {
      save.disabled = false;
      say(`没有存下来：${error.message}`, "bad");
    }
    return undefined;
  });
  const live = viewer(draft, draw, "拍过磅单或秤的读数");
  draw();
  show(h("p", { className: "hint" }, `${event.label}。原记录照样保存；已入账的，由各方同意后改。`), live.box, places.list, places.mass,
    h("label", { htmlFor: "reason" }, "为什么更正"), reason, save);
  return "更正重量";
}
