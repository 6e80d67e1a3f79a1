/** One of the two places where a command writes. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Of the terminal; 80 where it is none. */
  readonly columns: number;
  readonly rows: number;
  write(data: string | Uint8Array): void;
  /** Resolves when a slow reader has taken most of what was written. */
  drained(): Promise<void>;
}

/** What comes in while a command runs. */
export interface Input {
  readonly isTerminal: boolean;
  /** Ends when the input does; read by one reader at a time. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Every key as it is pressed, and no signals from the keyboard. */
  setRaw(raw: boolean): void;
  /** Lets go of it, so that it does not keep the process alive. */
  release(): void;
}

/** What is around a command: the process, for all commands but in tests. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  /** Only the result of a command. */
  readonly out: Screen;
  /** Progress, logs, errors. */
  readonly err: Screen;
  readonly input: Input;
  /** The line that was typed; undefined at the end of input. */
  ask(question: string): Promise<string | undefined>;
  /** The same without showing what is typed; only where input is a terminal. */
  askHidden(question: string): Promise<string | undefined>;
  /** Listens for SIGINT and SIGTERM, which then end nothing by themselves; gives what ends the listening. */
  onInterrupt(call: () => void): () => void;
  /** Listens for the terminal's end (SIGHUP), which then ends nothing by itself. */
  onHangup(call: () => void): () => void;
  /** Listens for changes of the terminal's size. */
  onResize(call: () => void): () => void;
  /** Hears of what was thrown where nobody waits for it; it ends nothing by itself. */
  onCrash(call: (error: unknown) => void): void;
  /** Ends the process at once. */
  quit(code: number): void;
}
