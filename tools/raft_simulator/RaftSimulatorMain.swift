import ArgumentParser
import RaftSimulation

@main struct RaftSimulatorMain {
    static func main() { SimulatorCommand.main() }
}
