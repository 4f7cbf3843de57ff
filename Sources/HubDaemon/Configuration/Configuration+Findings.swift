internal import HubStore

extension Configuration {
    /// Something that two settings say together.
    struct Finding: Hashable {
        var isError = true
        var key: String
        /// The other settings that take part. When one of them is malformed, nothing is found.
        var others: [String]
        var found: String
        var expected: String
    }

    /// What is wrong with values that are each well-formed.
    func findings() -> [Finding] { portFindings() + groupFindings() + processFindings() }

    private func portFindings() -> [Finding] {
        var found: [Finding] = []
        let others = ["floyd-local-port"]
        if sdkPort == floydLocalPort {
            found.append(
                Finding(
                    key: "sdk-port", others: others, found: "\(sdkPort)", expected: "another port than floyd-local-port"
                ))
        }
        if inboundPort == floydLocalPort {
            found.append(
                Finding(
                    key: "sdk-port", others: others, found: "\(sdkPort)",
                    expected: "a port that is not 1000 below floyd-local-port (Pikas connect to \(inboundPort))"))
        }
        if [sdkPort, inboundPort, floydLocalPort].contains(metricsPort) {
            found.append(
                Finding(
                    key: "metrics-port", others: others + ["sdk-port"], found: "\(metricsPort)",
                    expected: "another port than floyd-local-port, sdk-port and the one 1000 above sdk-port"))
        }
        return found
    }

    private func groupFindings() -> [Finding] {
        var found: [Finding] = []
        if !floydServers.isEmpty, !floydServers.contains(raftAddress) {
            found.append(
                Finding(
                    isError: false, key: "floyd-servers", others: ["floyd-local-ip", "floyd-local-port"],
                    found: floydServers.map(\.description).joined(separator: ","),
                    expected: "\(raftAddress) among them; this hub waits until the group is told ADD \(raftAddress)"))
        }
        if raftElectionTimeoutMilliseconds < 3 * raftHeartbeatMilliseconds {
            found.append(
                Finding(
                    key: "raft-election-timeout-milliseconds", others: ["raft-heartbeat-milliseconds"],
                    found: "\(raftElectionTimeoutMilliseconds)",
                    expected: "at least three times raft-heartbeat-milliseconds"))
        }
        return found
    }

    private func processFindings() -> [Finding] {
        guard daemonize, logPath.isEmpty else { return [] }
        return [
            Finding(
                key: "log-path", others: ["daemonize"], found: "",
                expected: "a directory, since a daemon has no standard error")
        ]
    }
}
