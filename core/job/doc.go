// Package job is what the conductor runs, and what must hold before it does: Load reads
// descriptors and lets the command line win over them, scales the model's quantities
// the same in every world, and Check says everything that is wrong with the result:
// applications and their parameters, and what the model asks of a world that the world
// cannot do. Nothing is built here; a job that passes Check can be opened.
//
// Wrong input comes back as faults with places. A Job is plain data and not safe for
// concurrent use while Load or Check work on it.
package job
