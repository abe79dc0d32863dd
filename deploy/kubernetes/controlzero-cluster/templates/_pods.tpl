{{- /* What the pods of silos and those of front doors have in common. */ -}}

{{- define "cz.podSettings" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1654
  runAsGroup: 1654
  fsGroup: 1654
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "cz.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "cz.image" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{- define "cz.variables" -}}
{{- if .Values.postgres.existingSecret }}
- name: CONTROLZERO__POSTGRES__CONNECTION
  valueFrom:
    secretKeyRef:
      name: {{ .Values.postgres.existingSecret }}
      key: {{ .Values.postgres.key }}
- name: CONTROLZERO__POSTGRES__CREATESCHEMA
  value: {{ .Values.postgres.createSchema | quote }}
{{- end }}
{{- if eq .Values.cluster.setup "azure" }}
{{- if .Values.azure.existingSecret }}
- name: CONTROLZERO__AZURE__CONNECTION
  valueFrom:
    secretKeyRef:
      name: {{ .Values.azure.existingSecret }}
      key: {{ .Values.azure.key }}
{{- else }}
- name: CONTROLZERO__AZURE__TABLEENDPOINT
  value: {{ .Values.azure.tableEndpoint | quote }}
- name: CONTROLZERO__AZURE__BLOBENDPOINT
  value: {{ .Values.azure.blobEndpoint | quote }}
# Of the ways to prove who it is, only those of production.
- name: AZURE_TOKEN_CREDENTIALS
  value: prod
{{- end }}
{{- if .Values.redis.existingSecret }}
- name: CONTROLZERO__REDIS__CONNECTION
  valueFrom:
    secretKeyRef:
      name: {{ .Values.redis.existingSecret }}
      key: {{ .Values.redis.key }}
{{- end }}
{{- end }}
- name: CONTROLZERO__AUDIT__SINK
  value: {{ include "cz.auditSink" . }}
{{- if eq (include "cz.auditSink" .) "azure" }}
{{- if .Values.audit.existingSecret }}
- name: CONTROLZERO__AUDIT__AZURE__CONNECTION
  valueFrom:
    secretKeyRef:
      name: {{ .Values.audit.existingSecret }}
      key: {{ .Values.audit.key }}
{{- end }}
{{- with .Values.audit.blobEndpoint }}
- name: CONTROLZERO__AUDIT__AZURE__BLOBENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- if and .Values.audit.blobEndpoint (or (not (eq .Values.cluster.setup "azure")) .Values.azure.existingSecret) }}
- name: AZURE_TOKEN_CREDENTIALS
  value: prod
{{- end }}
{{- with .Values.audit.container }}
- name: CONTROLZERO__AUDIT__AZURE__CONTAINER
  value: {{ . | quote }}
{{- end }}
# Of the directory's 1 GiB without a disk of its own, which the segments being written share.
- name: CONTROLZERO__AUDIT__SPILLMEGABYTES
  value: "512"
{{- end }}
{{- if .Values.audit.signingKeySecret }}
- name: CONTROLZERO__AUDIT__SIGNING__KEYFILE
  value: /etc/controlzero/audit/signing.pem
{{- end }}
{{- with .Values.audit.retainFor }}
- name: CONTROLZERO__AUDIT__RETENTION__AGE
  value: {{ . | quote }}
{{- end }}
{{- if .Values.tls.existingSecret }}
- name: CONTROLZERO__TLS__CERTIFICATEFILE
  value: /etc/controlzero/tls/tls.crt
- name: CONTROLZERO__TLS__KEYFILE
  value: /etc/controlzero/tls/tls.key
{{- if .Values.tls.clientCaSecret }}
- name: CONTROLZERO__TLS__CLIENTCAFILE
  value: /etc/controlzero/client-ca/ca.crt
# The kubelet's probes have no certificate.
- name: CONTROLZERO__TLS__HTTPNEEDSCLIENTCERTIFICATE
  value: "false"
{{- end }}
{{- else }}
- name: CONTROLZERO__LISTEN__ALLOWINSECURE
  value: "true"
{{- end }}
- name: CONTROLZERO__SHUTDOWN__DRAINDELAY
  value: {{ printf "%ds" (int .Values.drainDelaySeconds) }}
- name: CONTROLZERO__LOGGING__FORMAT
  value: {{ .Values.logging.format }}
- name: CONTROLZERO__LOGGING__LEVEL
  value: {{ .Values.logging.level }}
{{- with .Values.telemetry.otlpEndpoint }}
- name: CONTROLZERO__TELEMETRY__OTLPENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end -}}

{{- define "cz.clusterTlsVariables" -}}
{{- if .Values.cluster.tls.existingSecret }}
- name: CONTROLZERO__CLUSTER__TLS__CERTIFICATEFILE
  value: /etc/controlzero/cluster-tls/tls.crt
- name: CONTROLZERO__CLUSTER__TLS__KEYFILE
  value: /etc/controlzero/cluster-tls/tls.key
- name: CONTROLZERO__CLUSTER__TLS__CAFILE
  value: /etc/controlzero/cluster-tls/ca.crt
{{- end }}
{{- end -}}

{{- define "cz.probes" -}}
startupProbe:
  httpGet:
    path: /health/startup
    port: http
    scheme: {{ include "cz.scheme" . }}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet:
    path: /health/ready
    port: http
    scheme: {{ include "cz.scheme" . }}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet:
    path: /health/live
    port: http
    scheme: {{ include "cz.scheme" . }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end -}}

{{- define "cz.tlsMounts" -}}
{{- if .Values.tls.existingSecret }}
- name: tls
  mountPath: /etc/controlzero/tls
  readOnly: true
{{- end }}
{{- if .Values.cluster.tls.existingSecret }}
- name: cluster-tls
  mountPath: /etc/controlzero/cluster-tls
  readOnly: true
{{- end }}
{{- if .Values.tls.clientCaSecret }}
- name: client-ca
  mountPath: /etc/controlzero/client-ca
  readOnly: true
{{- end }}
{{- end -}}

{{- define "cz.tlsVolumes" -}}
{{- if .Values.tls.existingSecret }}
- name: tls
  secret:
    secretName: {{ .Values.tls.existingSecret }}
    defaultMode: 288 # 0440
{{- end }}
{{- if .Values.cluster.tls.existingSecret }}
- name: cluster-tls
  secret:
    secretName: {{ .Values.cluster.tls.existingSecret }}
    defaultMode: 288 # 0440
{{- end }}
{{- if .Values.tls.clientCaSecret }}
- name: client-ca
  secret:
    secretName: {{ .Values.tls.clientCaSecret }}
    defaultMode: 288 # 0440
{{- end }}
{{- end -}}

{{- define "cz.auditMounts" -}}
{{- if .Values.audit.signingKeySecret }}
- name: audit-signing
  mountPath: /etc/controlzero/audit
  readOnly: true
{{- end }}
{{- end -}}

{{- define "cz.auditVolumes" -}}
{{- if .Values.audit.signingKeySecret }}
- name: audit-signing
  secret:
    secretName: {{ .Values.audit.signingKeySecret }}
    defaultMode: 288 # 0440
{{- end }}
{{- end -}}
