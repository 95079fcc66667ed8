import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A server process that ends when it is told to, and also when the process that started it ends in whatever way. */
export interface GuardedProcess {
  /** What it has printed so far, on stdout and stderr. */
  output(): string;
  hasExited(): boolean;
  /** Resolves once the process is gone. With `keepDirectory` its directory stays for the next start. */
  stop(options?: { keepDirectory?: boolean }): Promise<void>;
}

// `cat` returns when stdin closes, which the system sees to when the parent is killed. What the shell then has to say
// finds no reader: without the trap that would end it before it has cleaned up.
const guardScript = `
directory=$1; signal=$2; shift 2
"$@" </dev/null &
server=$!
trap '' PIPE
command=$(cat)
kill -"$signal" "$server" 2>/dev/null
wait "$server"
[ "$command" = keep ] || rm -rf "$directory"
`;

/** Starts a server under a small guard. The directory is the server's own and is removed when it ends. */
export function startGuarded(options: {
  command: string;
  arguments: readonly string[];
  directory: string;
  /** Asks the server to end in good order, open connections or not. */
  endSignal?: 'INT' | 'TERM';
  user?: { uid: number; gid: number } | null;
}): GuardedProcess {
  const { directory, endSignal = 'TERM', command } = options;
  const child = spawn('sh', ['-c', guardScript, 'guard', directory, endSignal, command, ...options.arguments], {
    cwd: directory,
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C at a terminal must not reach the guard before it has cleaned up.
    detached: true,
    ...(options.user ?? {}),
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.stdin.on('error', () => {});
  return {
    output: () => output,
    hasExited: () => hasExited(child),
    async stop({ keepDirectory = false } = {}) {
      if (hasExited(child)) return;
      const exited = once(child, 'exit');
      child.stdin.end(keepDirectory ? 'keep' : 'remove');
      await exited;
    },
  };
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
