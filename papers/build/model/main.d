build/model/main.o: model/main.c model/sim.h model/set.h
