import { toBinary } from '@bufbuild/protobuf';
import type { DescFile } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { Server, ServerDuplexStream, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createRequire } from 'node:module';

interface Question {
  readonly fileContainingSymbol?: string;
  readonly fileByFilename?: string;
}

/**
 * Adds `grpc.reflection.v1` with the descriptors as protoc writes them. It answers with one file at a time, so a client has to
 * ask for the imports. (`@grpc/reflection` tells descriptors that proto-loader rebuilt, without their imports.)
 */
export function addReflection(server: Server, symbol: string, root: DescFile): void {
  const proto = createRequire(import.meta.url).resolve('@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto');
  const service = loadSync(proto)['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;
  const files = new Map(withDependencies(root).map((file) => [`${file.name}.proto`, file]));
  server.addService(service, {
    ServerReflectionInfo: (stream: ServerDuplexStream<Question, unknown>) => {
      stream.on('data', ({ fileContainingSymbol, fileByFilename }: Question) => {
        const file = fileContainingSymbol === symbol ? root : files.get(fileByFilename ?? '');
        stream.write(file
          ? { fileDescriptorResponse: { fileDescriptorProto: [toBinary(FileDescriptorProtoSchema, file.proto)] } }
          : { errorResponse: { errorCode: 5, errorMessage: 'no such file' } });
      });
      stream.on('end', () => stream.end());
    },
  });
}

function withDependencies(file: DescFile): DescFile[] {
  return [file, ...file.dependencies.flatMap(withDependencies)];
}
