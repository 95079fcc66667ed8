import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import ipaddr from 'ipaddr.js';

export interface NameServer {
  /** As a resolver's `setServers` takes it. */
  address: string;
  /** The names that were asked for, each once for every question. */
  asked: string[];
  /** Also called twice. */
  stop(): Promise<void>;
}

/** What to say of a name: its addresses, that there is no such name, or nothing at all. */
export type NameAnswer = readonly string[] | 'no such name' | 'silence';

/** A name server on loopback, by UDP; it answers questions for A and AAAA. */
export async function startNameServer(answerFor: (name: string) => NameAnswer): Promise<NameServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  let isStopped = false;
  socket.on('message', (message: Buffer, { port, address }: RemoteInfo) => {
    const { name, type, end } = readQuestion(message);
    asked.push(name);
    const answer = answerFor(name);
    if (answer !== 'silence') socket.send(toReply(message.subarray(0, end), type, answer), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async stop() {
      if (isStopped) return;
      isStopped = true;
      socket.close();
      await once(socket, 'close');
    },
  };
}

const headerBytes = 12;
const addressTypes = { 1: 'ipv4', 28: 'ipv6' } as Record<number, string>;

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

// RFC 1035, section 4: the question goes back as it came, and each answer points to the name in it.
function toReply(question: Buffer, type: number, answer: Exclude<NameAnswer, 'silence'>): Buffer {
  const addresses = answer === 'no such name' ? [] : answer.map((address) => ipaddr.parse(address));
  const records = addresses
    .filter((address) => address.kind() === addressTypes[type])
    .map((address) => {
      const data = Buffer.from(address.toByteArray());
      return Buffer.concat([Buffer.from([0xc0, headerBytes, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]), data]);
    });
  const reply = Buffer.concat([question, ...records]);
  reply.writeUInt16BE(answer === 'no such name' ? 0x8183 : 0x8180, 2);
  reply.writeUInt16BE(records.length, 6);
  reply.writeUInt16BE(0, 8);
  reply.writeUInt16BE(0, 10);
  return reply;
}
