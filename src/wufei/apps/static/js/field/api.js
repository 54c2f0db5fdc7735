// Asks the server. A known phone signs each request with its key: the login may have ended long ago.

import * as db from "./db.js";
import { sha256, sign } from "./keys.js";

const PATIENCE_MS = 20000;
export const addresses = JSON.parse(document.body.dataset.addresses);
let offset = 0; // milliseconds by which the server's clock is ahead of this phone's

export class NoSignal extends Error {}

export class Refusal extends Error {
  constructor(status, told) {
    super(told.what ?? told.findings?.map((finding) => finding.what + finding.remedy).join(" ") ?? `${status}`);
    this.status = status;
    this.code = told.code ?? "";
  }
}

async function ask(address, options) {
  let response;
  try {
    response = await fetch(address, { ...options, cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new NoSignal("没有信号");
  }
  if (response.type === "opaqueredirect") throw new Refusal(302, { code: "login", what: "请先登录。" });
  let told;
  try {
    told = await response.json();
  } catch {
    if (response.ok) throw new NoSignal("信号中断"); // the answer was cut off
    throw new Refusal(response.status, { what: `服务器没有答复（${response.status}），请稍后再试。` });
  }
  if (!response.ok) throw Object.assign(new Refusal(response.status, told), { told });
  return told;
}

export function asPerson(address, body) {
  if (body === undefined) return ask(address, {});
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  return ask(address, { method: "POST", headers, body: JSON.stringify(body) });
}

export async function asPhone(address, body, method = body === undefined ? "GET" : "POST") {
  const device = await db.get("meta", "device");
  const content = body === undefined ? "" : body instanceof Blob ? body : JSON.stringify(body);
  const digest = await sha256(content instanceof Blob ? await content.arrayBuffer() : content);
  for (let attempt = 0; ; attempt += 1) {
    const at = new Date(Date.now() + offset).toISOString();
    const statement = ["wufei-field-request-1", method, address, at, digest, ""].join("\n");
    const headers = {
      "Field-Device": device.code, "Field-Time": at, "Field-Signature": await sign(device, statement),
      "Content-Type": content instanceof Blob ? "application/octet-stream" : "application/json",
    };
    try {
      return await ask(address, { method, headers, body: body === undefined ? undefined : content });
    } catch (error) {
      if (error.code !== "clock" || attempt > 0) throw error;
      offset = Date.parse(error.told.server_time) - Date.now();
    }
  }
}
