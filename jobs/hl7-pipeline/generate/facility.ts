/** A hospital of the generated feed: the senders of facilities.json. */
export interface FeedFacility {
  readonly application: string;
  readonly facility: string;
  readonly version: string;
  /** MSH-18; empty leaves it out. */
  readonly charset: string;
  /** Minutes that its clocks are ahead of UTC at the time of the feed. */
  readonly offsetMinutes: number;
  /** Whether its times carry that offset, or are local times by the zone of the registry. */
  readonly hasOffset: boolean;
  readonly wards: readonly string[];
  readonly families: readonly string[];
  readonly givens: readonly string[];
  readonly cities: readonly string[];
}

export const feedFacilities: readonly FeedFacility[] = [
  {
    application: 'EPICARE',
    facility: 'NGH',
    version: '2.5.1',
    charset: '',
    offsetMinutes: -360,
    hasOffset: true,
    wards: ['ICU', '4WEST', '5EAST', 'ED', 'ONC'],
    families: ['ABBOTT', 'BECKER', 'CHAVEZ', 'DUNN', "O'BRIEN", 'FISCHER', 'GRANT', 'HOLLOWAY', 'IBARRA', 'JENNINGS'],
    givens: ['ALICE', 'BRIAN', 'CARMEN', 'DEREK', 'ELENA', 'FRANK', 'GLORIA', 'HECTOR'],
    cities: ['EVANSTON^IL^60201', 'OAK PARK^IL^60302', 'JOLIET^IL^60435'],
  },
  {
    application: 'ORBIS',
    facility: 'STELI',
    version: '2.4',
    charset: 'UNICODE UTF-8',
    offsetMinutes: 60,
    hasOffset: false,
    wards: ['IPS', 'CHIR1', 'MED2', 'NOTAUF'],
    families: ['MÜLLER', 'SCHRÖDER', 'WEIß', 'KÖHLER', 'LANGE', 'BRÄUER', 'HOFFMANN', 'KRAUSE'],
    givens: ['JÜRGEN', 'ANNEGRET', 'KÄTHE', 'UWE', 'SABINE', 'THOMAS', 'HEIKE', 'BJÖRN'],
    cities: ['KÖLN^NW^50667', 'BONN^NW^53111', 'DÜREN^NW^52349'],
  },
  {
    application: 'MEDISYS',
    facility: 'LMC',
    version: '2.3',
    charset: '',
    offsetMinutes: -480,
    hasOffset: false,
    wards: ['2N', '3S', 'OB', 'ER', 'TELE'],
    families: ['NAKAMURA', 'PETROV', 'QUINN', 'RAMIREZ', 'SATO', 'TRAN', 'UNDERWOOD', 'VALDEZ'],
    givens: ['IRENE', 'JAMAL', 'KEIKO', 'LAURA', 'MIGUEL', 'NINA', 'OSCAR', 'PAULA'],
    cities: ['RENTON^WA^98055', 'TACOMA^WA^98402', 'SALEM^OR^97301'],
  },
  {
    application: 'LABCORE',
    facility: 'REGLAB',
    version: '2.3.1',
    charset: 'UNICODE UTF-8',
    offsetMinutes: 60,
    hasOffset: false,
    wards: ['AMB', 'LAB', 'ODBER'],
    families: ['DVOŘÁK', 'NOVOTNÁ', 'SVOBODA', 'ČERNÝ', 'HORÁKOVÁ', 'KUČERA', 'PROCHÁZKA', 'ŠŤASTNÁ'],
    givens: ['ANTONÍN', 'BOŽENA', 'JIŘÍ', 'LENKA', 'ONDŘEJ', 'TEREZA', 'VÁCLAV', 'ZUZANA'],
    cities: ['BRNO^^60200', 'ZLÍN^^76001', 'JIHLAVA^^58601'],
  },
  {
    application: 'CLINWORKS',
    facility: 'HARBOUR',
    version: '2.7',
    charset: '',
    offsetMinutes: 660,
    hasOffset: true,
    wards: ['DAY', 'REHAB', 'SURG', 'EMERG'],
    families: ['ARMSTRONG', 'BLACKWOOD', 'COLEMAN', 'DALTON', 'EVERETT', 'FARRELL', 'GIBSON', 'HARGRAVE'],
    givens: ['AMELIA', 'BLAKE', 'CHLOE', 'DARCY', 'ETHAN', 'FREYA', 'GRACE', 'HAMISH'],
    cities: ['MANLY^NSW^2095', 'BONDI^NSW^2026', 'PENRITH^NSW^2750'],
  },
];
