interface Entry {
  readonly revision: string;
  readonly committedMs: number;
}

/** Newest first: a binary heap. */
export class CommitQueue {
  readonly #heap: Entry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(entry: Entry): void {
    const heap = this.#heap;
    heap.push(entry);
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isNewer(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): string | undefined {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    const newest = heap.pop();
    let at = 0;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let best = at;
      if (this.#isNewer(left, best)) best = left;
      if (this.#isNewer(right, best)) best = right;
      if (best === at) return newest?.revision;
      this.#swap(at, best);
      at = best;
    }
  }

  #isNewer(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    return first !== undefined && second !== undefined && first.committedMs > second.committedMs;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }
}
