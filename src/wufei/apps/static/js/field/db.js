// What is kept on this phone (IndexedDB). A write counts only when its transaction is complete, and each act of a person
// is one transaction: the event, its number, its pictures and the end of the chain are kept together or not at all.

const NAME = "wufei-field";
const VERSION = 1;
// Stores are added by later versions and never taken away: an update of the page loses nothing.
const STORES = {
  meta: undefined, // device, head, day, sync …, by name
  events: { keyPath: "seq" },
  photos: { keyPath: "digest" },
  numbers: { keyPath: "number" }, // of the blocks: used, spoiled or returned on this phone
  drafts: { keyPath: "id" },
};

let opened = null;

export function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(STORES)) {
        if (!asked.result.objectStoreNames.contains(name)) asked.result.createObjectStore(name, options);
      }
    };
    asked.onblocked = () => reject(new Error("另一个页面正在更新数据，请关闭其他外业页面后重试。"));
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

export function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// Run ``work`` on the stores in one transaction; resolves when everything is on the disk. ``work`` may wait for
// requests of this transaction only: anything else would end it.
export async function write(stores, work) {
  const db = await open();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(stores, "readwrite", { durability: "strict" });
    let result;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(transaction.error ?? new Error("没有存下来。"));
    Promise.resolve(work(Object.fromEntries(stores.map((name) => [name, transaction.objectStore(name)]))))
      .then((value) => { result = value; })
      .catch((error) => {
        try { transaction.abort(); } catch { /* it has ended already */ }
        reject(error);
      });
  });
}

export async function get(store, key) {
  return answer((await open()).transaction(store).objectStore(store).get(key));
}

export async function all(store) {
  return answer((await open()).transaction(store).objectStore(store).getAll());
}

export async function put(store, value, key) {
  return write([store], (stores) => { stores[store].put(value, key); });
}

export async function remove(store, key) {
  return write([store], (stores) => { stores[store].delete(key); });
}
