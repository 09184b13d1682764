/**
 * Configuration keys that are handed to connectors as text, each checked by the connector that reads it
 * (connectors/kafka/kafka-security.ts). They stand here so that a misspelt key is refused and "nerve config" lists all.
 */
export const CONNECTOR_OPTIONS: Readonly<Record<string, string>> = {
  'kafka.bootstrap.servers': 'Kafka brokers, host:port, several with commas, for sources and sinks that name none.',
  'kafka.sasl.mechanism': 'How to log in to Kafka: plain, scram-sha-256 or scram-sha-512; no login when absent.',
  'kafka.sasl.username': 'The user to log in as.',
  'kafka.sasl.password': 'The password; better given by the environment than by a file or an argument.',
  'kafka.ssl.enabled': "true: TLS with the system's certificate authorities.",
  'kafka.ssl.ca.path': 'PEM file of the certificate authority; turns TLS on.',
  'kafka.ssl.cert.path': 'PEM file of the client certificate; turns TLS on.',
  'kafka.ssl.key.path': "PEM file of the client certificate's key.",
  'kafka.ssl.server.name': "The name that the brokers' certificate carries, when it is not the host's.",
};
