// A conversation as it is read: the messages around one, and more of them as they are needed.

import { get } from "./api.js";

const AROUND = 15;
const PAGE = 40;

export async function openThread(messageId, signal) {
  return new Thread(await around(messageId, AROUND, AROUND, signal), signal);
}

// A memory stands for itself: what was just remembered is in no conversation that could be asked for.
export function memoryThread(hit) {
  const { message_id: id, conversation_id, title, assistant, created_at, content, role, kind } = hit;
  const message = { id, role, kind, content, created_at };
  const conversation = { id: conversation_id, title, assistant, created_at };
  return new Thread({ conversation, messages: [message], artifacts: [], more_before: false, more_after: false });
}

class Thread {
  #signal;
  #artifacts = new Map();
  #asked = {};

  constructor(found, signal) {
    this.#signal = signal;
    this.conversation = found.conversation;
    this.messages = found.messages;
    this.hasEarlier = found.more_before;
    this.hasLater = found.more_after;
    this.#keep(found.artifacts);
  }

  artifactsOf(messageId) {
    return this.#artifacts.get(messageId) ?? [];
  }

  // Both promise the messages that they add.
  earlier() {
    return this.#once("earlier", async () => {
      if (!this.hasEarlier) return [];
      const found = await around(this.messages[0].id, PAGE, 0, this.#signal);
      const added = found.messages.slice(0, -1);
      this.messages = [...added, ...this.messages];
      this.hasEarlier = found.more_before;
      this.#keep(found.artifacts);
      return added;
    });
  }

  later() {
    return this.#once("later", async () => {
      if (!this.hasLater) return [];
      const found = await around(this.messages.at(-1).id, 0, PAGE, this.#signal);
      const added = found.messages.slice(1);
      this.messages = [...this.messages, ...added];
      this.hasLater = found.more_after;
      this.#keep(found.artifacts);
      return added;
    });
  }

  // One request of a kind at a time; who asks meanwhile waits for it, and is given nothing that was given already.
  async #once(which, load) {
    if (this.#asked[which]) {
      await this.#asked[which];
      return [];
    }
    this.#asked[which] = load();
    try {
      return await this.#asked[which];
    } finally {
      this.#asked[which] = null;
    }
  }

  #keep(artifacts) {
    for (const one of artifacts) {
      const known = this.#artifacts.get(one.message_id) ?? [];
      if (!known.some(({ id }) => id === one.id)) this.#artifacts.set(one.message_id, [...known, one]);
    }
  }
}

function around(messageId, before, after, signal) {
  const parameters = [["before", before], ["after", after]];
  return get(`api/v1/messages/${encodeURIComponent(messageId)}/context`, parameters, { signal });
}
