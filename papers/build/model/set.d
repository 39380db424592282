build/model/set.o: model/set.c model/set.h
