import ArgumentParser
import SyncSimulation

SimulatorCommand.main()
