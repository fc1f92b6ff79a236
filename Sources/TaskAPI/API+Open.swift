internal import Base
internal import JSON

extension API {
    /// Answers an endpoint without authentication, from the worker's present state.
    func answerOpen(
        _ endpoint: Endpoint, to request: Request, isHead: Bool, state: ServiceState, into writer: inout ByteWriter
    ) -> Answered {
        if endpoint == .readiness, let reason = state.reasonNotReady {
            return answer(.notReady, sentence: reason, to: request, endpoint: endpoint, into: &writer)
        }
        begin(.ok, to: request, into: &writer)
        let start = writer.beginContent(.json)
        switch endpoint {
        case .root:
            writer.append("{\"name\":")
            appendIdentity(into: &writer)
            writer.append(
                ",\"links\":{\"tasks\":\"/api/{user_id}/tasks\",\"health\":\"/health\",\"ready\":\"/ready\"}}")
        case .health:
            writer.append("{\"status\":\"healthy\",\"service\":")
            appendIdentity(into: &writer)
            writer.append(",\"database\":")
            writer.append(state.databaseIsConnected ? "\"connected\"}" : "\"disconnected\"}")
        default:
            writer.append("{\"status\":\"ready\"}")
        }
        writer.endContent(from: start, isHead: isHead)
        return Answered(endpoint: endpoint, status: .ok)
    }

    private func appendIdentity(into writer: inout ByteWriter) {
        writer.appendJSONString(configuration.service)
        writer.append(",\"version\":")
        writer.appendJSONString(configuration.version)
    }
}
