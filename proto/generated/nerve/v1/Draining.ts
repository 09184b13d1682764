// From proto/control.proto


export interface Draining {
}

export interface DrainingDecoded {
}
