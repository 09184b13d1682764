// From proto/control.proto


export interface SlotPlace {
  'slot'?: (number);
  'taskManagerId'?: (string);
  'slotIndex'?: (number);
  'dataAddress'?: (string);
}

export interface SlotPlaceDecoded {
  'slot': (number);
  'taskManagerId': (string);
  'slotIndex': (number);
  'dataAddress': (string);
}
