public import ArgumentParser

/// `raft_benchmark`: this project's Raft against etcd's, through the same client. `tools/compare_with_etcd` runs it.
public struct BenchmarkCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "raft_benchmark", abstract: "Measures proposals to a group of three.",
        subcommands: [NodeCommand.self, LoadCommand.self])

    public init() {}
}
