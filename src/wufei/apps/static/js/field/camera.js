// The camera: shows what it sees, reads codes from it, takes pictures. Everything it needs lies on this phone.

const READ_EVERY_MS = 180;
const READ_WIDTH = 800; // a label at arm's length is read at this width, and in little time
const PHOTO_SIDE = 1280;
const FORMATS = ["QRCode", "DataMatrix", "Code128", "PDF417", "Aztec"];
let reader = null;

async function loadReader() {
  reader ??= import(`${document.body.dataset.zxing}es/reader/index.js`).then((zxing) => {
    const wasm = `${document.body.dataset.zxing}reader/zxing_reader.wasm`;
    zxing.prepareZXingModule({ overrides: { locateFile: () => wasm } });
    return zxing;
  });
  reader.catch(() => { reader = null; });
  return reader;
}

// The code on a label: what stands behind /q/ of an address, else the text as it is.
export function codeOf(text) {
  const found = /\/q\/([^/?#\s]+)/.exec(text);
  return (found ? decodeURIComponent(found[1]) : text).trim().slice(0, 120);
}

export class Camera {
  constructor(video, onCode) {
    this.video = video;
    this.onCode = onCode;
    this.canvas = document.createElement("canvas");
    this.running = false;
  }

  async start() {
    if (!navigator.mediaDevices?.getUserMedia) throw new Error("浏览器不给用相机。");
    const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 960 } };
    const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    this.running = true;
    this.stream = stream;
    this.video.srcObject = stream;
    await this.video.play();
    this.read();
  }

  stop() {
    this.running = false;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.video.srcObject = null;
  }

  frame(side) {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width) return null;
    const scale = Math.min(1, side / Math.max(width, height));
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return context;
  }

  async read() {
    let zxing;
    try {
      zxing = await loadReader();
    } catch {
      this.onProblem?.("读码程序没有装好，请手工输入编码。");
      return;
    }
    while (this.running) {
      const context = this.frame(READ_WIDTH);
      if (context) {
        const image = context.getImageData(0, 0, this.canvas.width, this.canvas.height);
        const found = await zxing.readBarcodes(image, { formats: FORMATS, tryHarder: true, maxNumberOfSymbols: 8 });
        if (!this.running) return;
        for (const code of found) if (code.isValid && code.text) this.onCode(codeOf(code.text));
      }
      await new Promise((resolve) => setTimeout(resolve, READ_EVERY_MS));
    }
  }

  async photo() {
    if (!this.frame(PHOTO_SIDE)) return null;
    return new Promise((resolve) => this.canvas.toBlob(resolve, "image/jpeg", 0.8));
  }
}

// A picture from the phone's own camera app or its files, made small.
export async function shrink(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
}
