/** One laboratory test: LOINC code, name, unit, reference range, decimals. */
export interface LabTest {
  readonly code: string;
  readonly name: string;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly decimals: number;
}

/** What can be ordered together. */
export interface Panel {
  readonly code: string;
  readonly name: string;
  readonly tests: readonly LabTest[];
}

function lab(code: string, name: string, unit: string, range: readonly [number, number, number]): LabTest {
  const [low, high, decimals] = range;
  return { code, name, unit, low, high, decimals };
}

const metabolic: readonly LabTest[] = [
  lab('2345-7', 'Glucose', 'mg/dL', [70, 99, 0]),
  lab('2160-0', 'Creatinine', 'mg/dL', [0.6, 1.2, 2]),
  lab('2951-2', 'Sodium', 'mmol/L', [136, 145, 0]),
  lab('2823-3', 'Potassium', 'mmol/L', [3.5, 5.1, 1]),
  lab('2075-0', 'Chloride', 'mmol/L', [98, 107, 0]),
  lab('17861-6', 'Calcium', 'mg/dL', [8.6, 10.3, 1]),
];

const bloodCount: readonly LabTest[] = [
  lab('6690-2', 'WBC', '10*3/uL', [4.5, 11, 1]),
  lab('789-8', 'RBC', '10*6/uL', [4.2, 5.9, 2]),
  lab('718-7', 'Hemoglobin', 'g/dL', [12, 17.5, 1]),
  lab('4544-3', 'Hematocrit', '%', [36, 53, 1]),
  lab('777-3', 'Platelets', '10*3/uL', [150, 400, 0]),
];

export const panels: readonly Panel[] = [
  { code: '51990-0', name: 'Basic metabolic panel', tests: metabolic },
  { code: '58410-2', name: 'CBC panel', tests: bloodCount },
  { code: '24323-8', name: 'Admission panel', tests: [...metabolic, ...bloodCount] },
  { code: '10839-9', name: 'Troponin I', tests: [lab('10839-9', 'Troponin I.cardiac', 'ng/mL', [0, 0.04, 3])] },
  { code: '2524-7', name: 'Lactate', tests: [lab('2524-7', 'Lactate', 'mmol/L', [0.5, 2.2, 1])] },
];
