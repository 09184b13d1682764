// From proto/admin.proto


export interface GetClusterRequest {
}

export interface GetClusterRequestDecoded {
}
