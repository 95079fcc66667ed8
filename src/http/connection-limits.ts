import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isPublic } from './pages/page-request.ts';

/** Of a process: more than it can answer for, and fewer than it has file descriptors by default in most systems. */
export const connectionsPerProcess = 10_000;

/**
 * Closes a connection at once when its address has too many, and the process too. An address that is not public is a proxy's, or
 * from the operator's own network: it brings the connections of everybody behind it, so that only the process's limit holds.
 * Null: any number.
 */
export function limitConnections(server: Pick<Server, 'on' | 'maxConnections'>, perAddress: number | null): void {
  server.maxConnections = connectionsPerProcess;
  if (perAddress === null) return;
  const open = new Map<string, number>();
  const counted = new WeakSet<Socket>();
  server.on('connection', (socket: Socket) => {
    // One that is parsed anew comes again.
    if (counted.has(socket)) return;
    counted.add(socket);
    if (!isPublic(socket.remoteAddress)) return;
    const address = toNetwork(socket.remoteAddress);
    const count = (open.get(address) ?? 0) + 1;
    if (count > perAddress) {
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}

/** Who has an address of IPv6 mostly has 2⁶⁴ of them, which count as one. */
export function toNetwork(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return '';
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toNormalizedString().split(':').slice(0, 4).join(':');
}
