// A client that was built without the protos: it asks the server's reflection for EnforcementService, makes a client of the
// answer at run time and prints a line a model: model, decision, rule, reason code.
// Needs CONTROLZERO_API_KEY; reads CONTROLZERO_URL (http only) and CONTROLZERO_AGENT_ID.
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';

const models = ['anthropic/claude-sonnet-4-20250514', 'anthropic/claude-opus-4-20250514', 'google/gemini-pro'];
const address = new URL(process.env.CONTROLZERO_URL ?? 'http://127.0.0.1:5050').host;
const metadata = new grpc.Metadata();
metadata.set('authorization', `Bearer ${process.env.CONTROLZERO_API_KEY}`);

const { method } = (await describe('controlzero.v1.EnforcementService')).getService('controlzero.v1.EnforcementService');
const client = new grpc.Client(address, grpc.credentials.createInsecure());
for (const model of models) {
  const request = { agentId: process.env.CONTROLZERO_AGENT_ID ?? '', action: 'llm.generate', resource: `model/${model}` };
  const answer = await call(method.enforce, request);
  const decision = method.enforce.output.field.decision.enum.values.find(({ number }) => number === answer.decision)?.name;
  console.log(model, decision === 'DECISION_ALLOW' ? 'allow' : 'deny', answer.ruleId, answer.reasonCode);
}
client.close();

/** Makes one call of a method that is known by its descriptor alone. */
function call({ parent, name, input, output }, request) {
  const serialize = (message) => Buffer.from(toBinary(input, message));
  const deserialize = (bytes) => fromBinary(output, bytes);
  const options = { deadline: Date.now() + 5_000 };
  return new Promise((resolve, reject) => {
    const done = (error, answer) => (error ? reject(error) : resolve(answer));
    client.makeUnaryRequest(`/${parent.typeName}/${name}`, serialize, deserialize, create(input, request), metadata, options, done);
  });
}

/** What the server tells of a symbol: the file that defines it, and every file that one imports. */
async function describe(symbol) {
  const proto = fileURLToPath(import.meta.resolve('@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto'));
  const { ServerReflection } = grpc.loadPackageDefinition(protoLoader.loadSync(proto)).grpc.reflection.v1;
  const reflection = new ServerReflection(address, grpc.credentials.createInsecure());
  const stream = reflection.ServerReflectionInfo(metadata, { deadline: Date.now() + 5_000 });
  const answers = stream[Symbol.asyncIterator]();

  const files = new Map();
  for (let question = { fileContainingSymbol: symbol }; question !== undefined;) {
    stream.write(question);
    const { value } = await answers.next();
    if (!value?.fileDescriptorResponse) {
      throw new Error(`reflection does not tell: ${value?.errorResponse?.errorMessage ?? 'the stream ended'}`);
    }
    for (const bytes of value.fileDescriptorResponse.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
    const missing = [...files.values()].flatMap(({ dependency }) => dependency).find((name) => !files.has(name));
    question = missing === undefined ? undefined : { fileByFilename: missing };
  }
  stream.end();
  reflection.close();
  const root = [...files.values()].find((file) => file.service.some(({ name }) => `${file.package}.${name}` === symbol));
  return createFileRegistry(root, (name) => files.get(name));
}
