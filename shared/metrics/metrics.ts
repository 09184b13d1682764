/** Labels of one series. Values are names and ids; never patient data (a test greps for a planted name). */
export type MetricLabels = Readonly<Record<string, string>>;

export interface Counter {
  add(count?: number): void;
}

/** Where code of one operator, task or process records what it did. The names are Flink's where Flink has the concept. */
export interface MetricGroup {
  /** A count that only grows. The same name and labels give the same counter. */
  counter(name: string, labels?: MetricLabels): Counter;
  /** A value that is read when somebody looks. The same name and labels replace the earlier gauge. */
  gauge(name: string, read: () => number, labels?: MetricLabels): void;
}

/** One series at one moment, as it travels in a heartbeat. */
export interface MetricSample {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels: MetricLabels;
  readonly value: number;
}
