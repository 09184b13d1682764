/** What the cluster's configuration says to connectors: keys such as `kafka.bootstrap.servers`, values as text. */
export type ConnectorSettings = ReadonlyMap<string, string>;
