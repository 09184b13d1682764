// From proto/admin.proto


export interface ListJobsRequest {
}

export interface ListJobsRequestDecoded {
}
