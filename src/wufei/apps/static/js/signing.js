// Signing on a device: canonical content, the statement, a key that never leaves the browser. Mirrors core/signature.py.
// Used by the page of the keys and by the field page (also in its service worker): everything hangs on wufeiSigning.
(() => {
  "use strict";
  const HEAD = "wufei-signature-1";
  const STORE = "keys";

  const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");
  const sha256 = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));
  const utf8 = (text) => new TextEncoder().encode(text);

  // RFC 8785 for our values. JSON.stringify escapes as it asks; sort() orders by UTF-16, as it asks too.
  function canonical(value) {
    if (value === null || typeof value === "boolean") return JSON.stringify(value);
    if (typeof value === "number") {
      if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is no whole number that all can read`);
      return String(value === 0 ? 0 : value);
    }
    if (typeof value === "string") {
      if (!value.isWellFormed?.() && /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value))
        throw new TypeError("a text holds half a character");
      return JSON.stringify(value.normalize("NFC"));
    }
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (typeof value !== "object") throw new TypeError(`a ${typeof value} cannot be signed`);
    return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
  }

  const contentHash = (value) => sha256(utf8(canonical(value)));
  const instant = (at) => (at ? new Date(at).toISOString() : "");

  // fields: subject, slot, event, contentHash, person, organisation, claimedAt, deviceAt, key
  function statement(fields) {
    const lines = [HEAD, fields.subject, fields.slot, fields.event, fields.contentHash, fields.person.normalize("NFC"),
      fields.organisation, instant(fields.claimedAt), instant(fields.deviceAt), fields.key];
    if (lines.some((line) => line.includes("\n"))) throw new TypeError("a field of the statement holds a line feed");
    return utf8(lines.map((line) => `${line}\n`).join(""));
  }

  async function joined(first, ...parts) {
    const all = [Uint8Array.of(first), ...parts];
    const whole = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of all) { whole.set(part, at); at += part.length; }
    return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  }

  // The root over several documents: parts are {subject, slot, event, contentHash}. Sign it with "round" as subject,
  // slot and event and the root as content hash.
  async function roundRoot(parts) {
    let level = await Promise.all(parts.map((p) => joined(0, utf8([p.subject, p.slot, p.event, p.contentHash].join("\x1f")))));
    while (level.length > 1) {
      const next = [];
      for (let i = 0; i < level.length; i += 2)
        next.push(i + 1 < level.length ? await joined(1, level[i], level[i + 1]) : level[i]);
      level = next;
    }
    return hex(level[0]);
  }

  function open() {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open("wufei-signing", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "user" });
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  }

  async function inStore(mode, work) {
    const db = await open();
    try {
      return await new Promise((resolve, reject) => {
        const asked = work(db.transaction(STORE, mode).objectStore(STORE));
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error);
      });
    } finally {
      db.close();
    }
  }

  // This device's key of a user, or undefined: {user, id, device, algorithm, privateKey}.
  const keyOf = (user) => inStore("readonly", (store) => store.get(user));

  async function makeKey(user, device) {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
    const kept = { user, id: (await sha256(raw)).slice(0, 32), device, algorithm: "ecdsa-p256", privateKey: pair.privateKey };
    await inStore("readwrite", (store) => store.put(kept));
    return { ...kept, publicKey: hex(raw) };
  }

  // 64 bytes in hex over the bytes of a statement.
  async function signBytes(key, bytes) {
    return hex(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.privateKey, bytes));
  }

  self.wufeiSigning = { canonical, contentHash, statement, roundRoot, keyOf, makeKey, signBytes };

  if (typeof document === "undefined") return;
  for (const form of document.querySelectorAll("[data-register-device]")) {
    const told = form.querySelector("[data-told]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!self.crypto?.subtle) {
        told.textContent = "浏览器只在 https 地址上允许生成密钥。请管理员启用 https，或用服务器保管的密钥签名。";
        return;
      }
      const device = form.elements.device.value.trim();
      const made = await makeKey(form.dataset.user, device);
      const headers = JSON.parse(document.body.getAttribute("hx-headers"));
      const body = new URLSearchParams({ device, algorithm: made.algorithm, public_key: made.publicKey });
      const answer = await fetch(form.dataset.url, { method: "POST", headers, body });
      if (answer.ok) { location.reload(); return; }
      const refused = await answer.json().catch(() => ({}));
      told.textContent = (refused.findings || []).map((f) => f.what + f.remedy).join("") || "没有登记成功，请稍后再试。";
    });
  }
})();
