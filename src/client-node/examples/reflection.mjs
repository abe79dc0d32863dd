// A client that was built without the protos: it asks the server's reflection for EnforcementService, makes a client of the
// answer at run time and prints a line a model: model, decision, rule, reason code.
// Needs CONTROLZERO_API_KEY; reads CONTROLZERO_URL (http only) and CONTROLZERO_AGENT_ID.
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { fileURLToPath } from 'node:url';

const service = 'controlzero.v1.EnforcementService';
const models = ['anthropic/claude-sonnet-4-20250514', 'anthropic/claude-opus-4-20250514', 'google/gemini-pro'];
const address = new URL(process.env.CONTROLZERO_URL ?? 'http://127.0.0.1:5050').host;
const metadata = new grpc.Metadata();
metadata.set('authorization', `Bearer ${process.env.CONTROLZERO_API_KEY}`);

const { enforce, close } = await connect();
for (const model of models) {
  const request = { agentId: process.env.CONTROLZERO_AGENT_ID ?? '', action: 'llm.generate', resource: `model/${model}` };
  const { decision, ruleId, reasonCode } = await enforce(request);
  console.log(model, decision === 'DECISION_ALLOW' ? 'allow' : 'deny', ruleId, reasonCode);
}
close();

/** Makes a client of what reflection tells. */
async function connect() {
  const files = await describe(service);
  const definition = protoLoader.loadFileDescriptorSetFromBuffer(fileDescriptorSet(files), { enums: String, defaults: true });
  const { EnforcementService } = grpc.loadPackageDefinition(definition).controlzero.v1;
  const client = new EnforcementService(address, grpc.credentials.createInsecure());
  const enforce = (request) => new Promise((resolve, reject) => {
    client.Enforce(request, metadata, { deadline: Date.now() + 5_000 }, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
  return { enforce, close: () => client.close() };
}

/** The files that define a symbol and all they import, as serialized descriptors. */
async function describe(symbol) {
  const proto = fileURLToPath(import.meta.resolve('@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto'));
  const { ServerReflection } = grpc.loadPackageDefinition(protoLoader.loadSync(proto)).grpc.reflection.v1;
  const client = new ServerReflection(address, grpc.credentials.createInsecure());
  const stream = client.ServerReflectionInfo(metadata, { deadline: Date.now() + 5_000 });
  const answers = stream[Symbol.asyncIterator]();
  const ask = async (question) => {
    stream.write(question);
    const { value, done } = await answers.next();
    if (done || !value.fileDescriptorResponse) {
      throw new Error(`reflection does not tell: ${value?.errorResponse?.errorMessage ?? 'the stream ended'}`);
    }
    return value.fileDescriptorResponse.fileDescriptorProto;
  };

  const files = new Map();
  const wanted = [{ fileContainingSymbol: symbol }];
  while (wanted.length > 0) {
    for (const bytes of await ask(wanted.shift())) {
      const { name, dependency } = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(name, { bytes, dependency });
    }
    const missing = [...files.values()].flatMap(({ dependency }) => dependency).find((name) => !files.has(name));
    if (wanted.length === 0 && missing !== undefined) {
      wanted.push({ fileByFilename: missing });
    }
  }
  stream.end();
  client.close();
  return [...files.values()].map(({ bytes }) => bytes);
}

/** A google.protobuf.FileDescriptorSet: each file as field 1 with its length before it. */
function fileDescriptorSet(files) {
  return Buffer.concat(files.flatMap((bytes) => [Buffer.from([0x0a]), varint(bytes.length), bytes]));
}

function varint(number) {
  const bytes = [];
  for (let rest = number; ; rest >>>= 7) {
    bytes.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) {
      return Buffer.from(bytes);
    }
  }
}
