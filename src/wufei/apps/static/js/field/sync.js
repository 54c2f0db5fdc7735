// Brings what is kept on this phone to the server, and what the day needs to this phone. It may be cut at any point:
// what the server has not confirmed is sent again, and the server keeps each event once.

import * as db from "./db.js";
import { addresses, asPhone, NoSignal } from "./api.js";

const BATCH = 50;
const PART = 128 * 1024; // bytes of a picture in one go
const FINAL = new Set(["applied", "set_aside"]);
const KEEP_DAYS = 90;

export const status = { busy: false, online: navigator.onLine, problem: "", revoked: false };
const listeners = new Set();
export const onChange = (listener) => listeners.add(listener);
const tell = () => listeners.forEach((listener) => listener());

export async function waiting() {
  const events = await db.all("events");
  const photos = await db.all("photos");
  return {
    events: events.filter((event) => !event.received).length,
    photos: photos.filter((photo) => !photo.uploaded).length,
    cures: events.filter((event) => ["refused", "conflict"].includes(event.state)).length,
  };
}

// One at a time in all pages of this phone; resolves to whether the server was reached.
export async function syncNow() {
  return navigator.locks.request("wufei-field-sync", { ifAvailable: true }, async (lock) => {
    if (!lock || !(await db.get("meta", "device"))) return false;
    status.busy = true;
    tell();
    try {
      await sendEvents();
      if (await sendPhotos()) await sendEvents(); // what waited for a picture has moved
      await takeDay();
      Object.assign(status, { online: true });
      await db.put("meta", new Date().toISOString(), "synced");
      return true;
    } catch (error) {
      if (error instanceof NoSignal) status.online = false;
      else Object.assign(status, { online: true, problem: error.message });
      status.revoked ||= error.code === "revoked";
      return false;
    } finally {
      status.busy = false;
      tell();
    }
  });
}

async function sendEvents() {
  status.problem = "";
  for (let again = true; again; ) {
    const events = await db.all("events");
    const batch = events.filter((event) => !event.received).slice(0, BATCH);
    const open = events.filter((event) => event.received && !FINAL.has(event.state)).slice(-400);
    const told = await asPhone(addresses.sync, {
      events: batch.map(({ body, signature }) => ({ body, signature })),
      ask: [...batch, ...open].map((event) => event.digest),
    });
    again = (await take(told, batch)) && batch.length > 0;
    tell();
  }
}

// Note what the server said; resolves to whether more may be sent.
async function take(told, batch) {
  const byDigest = new Map(told.events.map((event) => [event.digest, event]));
  await db.write(["events", "meta"], async (stores) => {
    const events = await db.answer(stores.events.getAll());
    for (const event of events) {
      const known = byDigest.get(event.digest);
      if (known) {
        const { state, number, claimed_number: claimed, findings } = known;
        stores.events.put({ ...event, received: true, state, number, claimed, findings });
      } else if (event.received && event.seq > told.acked && batch.length === 0 && !FINAL.has(event.state)) {
        stores.events.put({ ...event, received: false }); // the server lost it (an old backup): send it again
      } else if (event.received && FINAL.has(event.state) && Date.now() - Date.parse(event.at) > KEEP_DAYS * 864e5) {
        stores.events.delete(event.seq);
      }
    }
  });
  status.problem = told.problem ?? "";
  return !told.problem && batch.every((event) => byDigest.has(event.digest));
}

// Resolves to how many went.
async function sendPhotos() {
  let count = 0;
  const there = await db.all("photos");
  const sent = new Map((await db.all("events")).map((event) => [event.seq, event.received]));
  for (const photo of there.filter((one) => !one.uploaded && sent.get(one.seq) !== false)) {
    const address = addresses.day.replace("day/", `photos/${photo.digest}/`);
    let { received } = await asPhone(address);
    do {
      const end = Math.min(received + PART, photo.blob.size);
      const last = end === photo.blob.size ? "&last=1" : "";
      const told = await asPhone(`${address}?offset=${received}${last}`, photo.blob.slice(received, end));
      received = told.received;
    } while (received < photo.blob.size);
    await db.put("photos", { ...photo, blob: null, uploaded: true });
    count += 1;
    tell();
  }
  return count;
}

async function takeDay() {
  await db.put("meta", await asPhone(addresses.day), "day");
}
