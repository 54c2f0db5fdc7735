// Writes down what was done on this phone: each event is signed and names the one before it.

import * as db from "./db.js";
import { sha256, sign } from "./keys.js";

const EVENT = "wufei-field-event-1\n";

export async function firstPrevious(device) {
  return sha256(`wufei-field-device-1\n${device}`);
}

// Half characters and NUL cannot be stored by every database: they are no text that anybody typed.
function clean(value) {
  if (typeof value === "string") return value.replaceAll("\0", "").replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "");
  if (Array.isArray(value)) return value.map(clean);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, clean(inner)]));
  }
  return value;
}

// The numbers of the blocks that this phone may still use, in order, of one series.
export async function openNumbers(seriesKey) {
  const day = await db.get("meta", "day");
  const used = new Set((await db.all("numbers")).map((row) => row.number));
  const open = [];
  for (const block of day?.blocks ?? []) {
    if (seriesKey && block.key !== seriesKey) continue;
    if (Date.parse(block.expires_at) < Date.now()) continue;
    const told = new Set(block.told);
    for (let serial = block.first; serial <= block.last; serial += 1) {
      const number = block.key + String(serial).padStart(block.digits, "0");
      if (!told.has(serial) && !used.has(number)) open.push(number);
    }
  }
  return open;
}

// Keep one event. ``photos``: [{digest, blob}]; ``seriesKey``: take the next number of this series into the payload;
// ``draft``: its id, which is done with. Resolves when it is on the disk; nothing of it is kept otherwise.
export async function record(type, payload, { photos = [], seriesKey = "", draft = "", label = "" } = {}) {
  return navigator.locks.request("wufei-field-chain", async () => {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const kept = await tryRecord(type, payload, { photos, seriesKey, draft, label });
      if (kept) return kept;
    }
    throw new Error("没有存下来，请再按一次。");
  });
}

async function tryRecord(type, given, { photos, seriesKey, draft, label }) {
  const device = await db.get("meta", "device");
  const head = await db.get("meta", "head");
  const payload = clean(given);
  if (seriesKey) payload.number = (await openNumbers(seriesKey))[0] ?? null; // none left: the office gives one
  const taken = type === "return" ? payload.numbers : ["pickup", "spoil"].includes(type) ? [payload.number] : [];
  const event = {
    device: device.code, seq: head.seq + 1, key: crypto.randomUUID(), type,
    at: new Date().toISOString(), payload, previous: head.digest,
  };
  const body = JSON.stringify(event);
  const digest = await sha256(EVENT + body);
  const signature = await sign(device, EVENT + body);
  const row = { seq: event.seq, digest, body, signature, type, at: event.at, label, received: false, state: "kept", findings: [] };
  return db.write(["meta", "events", "photos", "numbers", "drafts"], async (stores) => {
    const now = await db.answer(stores.meta.get("head"));
    if (now.seq !== head.seq || now.digest !== head.digest) return null; // another page was first: sign anew
    for (const number of taken.filter(Boolean)) stores.numbers.add({ number, seq: event.seq });
    stores.events.add(row);
    for (const photo of photos) stores.photos.put({ ...photo, seq: event.seq, uploaded: false });
    stores.meta.put({ seq: event.seq, digest }, "head");
    if (draft) stores.drafts.delete(draft);
    return { ...row, number: payload.number ?? null };
  });
}
