"""Asks which models an agent may use, with stock grpcio and nothing but the protos.

On Debian: apt-get install python3-grpcio protobuf-compiler protobuf-compiler-grpc libprotobuf-dev
protoc -I protos --python_out=OUT --grpc_python_out=OUT --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" \\
  controlzero/v1/enforcement.proto google/rpc/status.proto
PYTHONPATH=OUT python3 protos/examples/enforce.py

Needs CONTROLZERO_API_KEY; reads CONTROLZERO_URL (http only) and CONTROLZERO_AGENT_ID.
"""
import os
from urllib.parse import urlsplit

import grpc
from controlzero.v1 import enforcement_pb2 as pb, enforcement_pb2_grpc as rpc

MODELS = ["anthropic/claude-sonnet-4-20250514", "anthropic/claude-opus-4-20250514", "google/gemini-pro"]
address = urlsplit(os.environ.get("CONTROLZERO_URL", "http://127.0.0.1:5050")).netloc
metadata = [("authorization", "Bearer " + os.environ["CONTROLZERO_API_KEY"])]

with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
    enforcement = rpc.EnforcementServiceStub(channel)
    for model in MODELS:
        request = pb.EnforceRequest(
            agent_id=os.environ.get("CONTROLZERO_AGENT_ID", ""), action="llm.generate", resource="model/" + model)
        answer = enforcement.Enforce(request, metadata=metadata, timeout=5)
        print(model, "allow" if answer.decision == pb.DECISION_ALLOW else "deny", answer.rule_id, answer.reason_code)
