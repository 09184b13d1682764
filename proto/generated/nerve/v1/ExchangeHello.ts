// From proto/exchange.proto


export interface ExchangeHello {
  'taskManagerId'?: (string);
  'incarnation'?: (string);
  'peerTaskManagerId'?: (string);
  'version'?: (string);
}

export interface ExchangeHelloDecoded {
  'taskManagerId': (string);
  'incarnation': (string);
  'peerTaskManagerId': (string);
  'version': (string);
}
