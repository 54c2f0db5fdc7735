// The key of this phone: made here, cannot be taken out of it (not extractable), kept in IndexedDB.

const KINDS = [
  { name: "ed25519", make: { name: "Ed25519" }, sign: { name: "Ed25519" } },
  { name: "ecdsa-p256", make: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: "SHA-256" } },
];
const encoder = new TextEncoder();

export function base64(bytes) {
  let text = "";
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text);
}

export async function sha256(content) {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function makeKey() {
  for (const kind of KINDS) {
    try {
      const pair = await crypto.subtle.generateKey(kind.make, false, ["sign", "verify"]);
      const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
      return { algorithm: kind.name, privateKey: pair.privateKey, publicKey: base64(raw) };
    } catch { /* an older phone: try the next kind */ }
  }
  throw new Error("这部手机的浏览器太旧，不能生成签名密钥。请更新浏览器。");
}

export async function sign(key, text) {
  const kind = KINDS.find((known) => known.name === key.algorithm);
  return base64(await crypto.subtle.sign(kind.sign, key.privateKey, encoder.encode(text)));
}
