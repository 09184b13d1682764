// From proto/directory.proto


export interface WhoLeadsRequest {
}

export interface WhoLeadsRequestDecoded {
}
