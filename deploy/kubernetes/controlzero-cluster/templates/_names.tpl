{{- define "cz.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end -}}

{{- define "cz.selector" -}}
app.kubernetes.io/name: controlzero-cluster
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "cz.labels" -}}
{{ include "cz.selector" . }}
{{ include "cz.versionLabels" . }}
{{- end -}}

{{- /* Under another name than the silos, whose selector must not find them. */ -}}
{{- define "cz.doorSelector" -}}
app.kubernetes.io/name: controlzero-frontdoor
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "cz.doorLabels" -}}
{{ include "cz.doorSelector" . }}
{{ include "cz.versionLabels" . }}
{{- end -}}

{{- define "cz.versionLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "cz.check" -}}
{{- if not .Values.firstKey.existingSecret -}}
{{- fail "firstKey.existingSecret is missing; put the output of `docker run --rm IMAGE new-key` into a secret under `admin.key`, and name that" -}}
{{- end -}}
{{- if and (not .Values.tls.existingSecret) (not .Values.tls.allowInsecure) -}}
{{- fail "tls.existingSecret is missing; name a secret of type kubernetes.io/tls, or say tls.allowInsecure=true where a mesh encrypts" -}}
{{- end -}}
{{- if and .Values.tls.clientCaSecret (not .Values.tls.existingSecret) -}}
{{- fail "tls.clientCaSecret needs tls.existingSecret" -}}
{{- end -}}
{{- if eq .Values.cluster.setup "postgres" -}}
{{- if not .Values.postgres.existingSecret -}}
{{- fail "postgres.existingSecret is missing; cluster.setup `postgres` needs a database" -}}
{{- end -}}
{{- else -}}
{{- if and (not .Values.azure.existingSecret) (not (and .Values.azure.tableEndpoint .Values.azure.blobEndpoint)) -}}
{{- fail "azure.existingSecret, or azure.tableEndpoint and azure.blobEndpoint, are missing; cluster.setup `azure` needs a storage account" -}}
{{- end -}}
{{- if and (not .Values.redis.existingSecret) (not .Values.postgres.existingSecret) -}}
{{- fail "redis.existingSecret or postgres.existingSecret is missing; cluster.setup `azure` needs a place for its membership" -}}
{{- end -}}
{{- end -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) (add (int .Values.drainDelaySeconds) 30) -}}
{{- fail "terminationGracePeriodSeconds is too short; a silo needs drainDelaySeconds and 30 s more to stop in order" -}}
{{- end -}}
{{- end -}}

{{- define "cz.scheme" -}}
{{ if .Values.tls.existingSecret }}HTTPS{{ else }}HTTP{{ end }}
{{- end -}}

{{- define "cz.auditSink" -}}
{{- if .Values.audit.sink -}}
{{ .Values.audit.sink }}
{{- else -}}
{{- if or (eq .Values.cluster.setup "azure") .Values.audit.existingSecret .Values.audit.blobEndpoint -}}
azure
{{- else -}}
files
{{- end -}}
{{- end -}}
{{- end -}}
