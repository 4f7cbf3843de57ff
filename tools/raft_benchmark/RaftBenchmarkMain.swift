import ArgumentParser
import RaftBenchmark

@main struct RaftBenchmarkMain {
    static func main() async { await BenchmarkCommand.main() }
}
