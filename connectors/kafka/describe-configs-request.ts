import type { ApiRequest } from './api-request.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

/** DescribeConfigs, version 1, of one broker. */
const BROKER_RESOURCE = 4;

export interface BrokerConfigAnswer {
  readonly errorCode: number;
  readonly values: ReadonlyMap<string, string>;
}

export function describeBrokerConfigsRequest(nodeId: number, names: readonly string[]): ApiRequest {
  const body = new RequestWriter().int32(1).int8(BROKER_RESOURCE).string(String(nodeId));
  body.array(names, (name) => body.string(name)).int8(0);
  return { apiKey: 32, apiVersion: 1, apiName: 'DescribeConfigs', chunks: [body.finish()], holdMs: 0 };
}

export function parseDescribeConfigs(bytes: Buffer): BrokerConfigAnswer {
  const reader = new ResponseReader(bytes);
  reader.int32(); // throttle time
  const values = new Map<string, string>();
  const codes = reader.array((resource) => {
    const errorCode = resource.int16();
    resource.string(); // error message
    resource.int8(); // resource type
    resource.string(); // resource name
    resource.array((config) => {
      const name = config.string() ?? '';
      const value = config.string();
      if (value !== undefined) {
        values.set(name, value);
      }
      config.int8(); // read only
      config.int8(); // where it was set
      config.int8(); // secret
      config.array((synonym) => [synonym.string(), synonym.string(), synonym.int8()]);
    });
    return errorCode;
  });
  return { errorCode: codes.find((code) => code !== 0) ?? 0, values };
}
